"""How much of what it was shown a network has learnt by heart, judged by its answers."""

import numpy as np

from speechsent.doctor.heads import Head
from speechsent.errors import ParameterError

EXPLAINED = 0.95  # of the variance of numbers, or of answers where a sample has several
HINGES = ("hinge", "squaredhinge")


def score_of(head: Head, output: np.ndarray) -> float:
    """Share of right answers, or of variance explained.

    Args:
        head: The output, with its targets.
        output: Its answers in inference mode, a row a target.

    Raises:
        ParameterError: If targets of a loss that is not known have another shape than answers.
    """
    output = output.astype(np.float64)
    if _chooses(head):
        wanted = head.targets if head.classes is None else head.classes
        right = output.argmax(axis=-1) == _shaped(wanted, output.shape[:-1], head)
        if head.classes is None:  # some may be left out
            right = right[head.counted.reshape(right.shape)]
        return float(right.mean())
    targets = _shaped(head.targets, output.shape, head).astype(np.float64)
    limits = _limits(head)
    if limits:
        right = targets > (0.5 if targets.min() >= 0 else 0.0)
        return max(float(((output > limit) == right).mean()) for limit in limits)
    if head.loss_name == "cosinesimilarity":  # says nothing of lengths
        output, targets = _directions(output), _directions(targets)
    counted = head.counted.reshape(targets.shape)
    output, targets = output[counted], targets[counted]
    return 1 - float(((output - targets) ** 2).mean() / max(targets.var(), 1e-12))


def score_wanted(head: Head) -> float:
    """From which score on all is known."""
    one_answer = head.classes is not None or (head.units == 1 and head.rank == 2 and _limits(head))
    return 1.0 if one_answer else EXPLAINED


def counts_answers(head: Head) -> bool:
    """Whether the score is the share of right answers."""
    return _chooses(head) or bool(_limits(head))


def _chooses(head: Head) -> bool:
    """Whether the largest of several values is the answer."""
    several = head.units > 1 and head.classes is not None and head.kind != "binary"
    return head.kind == "sparse" or several


def _limits(head: Head) -> tuple[float, ...]:
    """Where yes begins, of outputs that say yes or no; of unknown losses any of two will do."""
    if head.kind == "binary":
        return (0.0,) if head.from_logits else (0.5,)
    if head.kind != "other" and head.loss_name not in HINGES:
        return ()
    targets = np.asarray(head.targets)
    if head.kind == "other" and np.isin(targets, (0, 1)).all():
        return (0.0, 0.5)
    return (0.0,) if np.isin(targets, (-1, 0, 1)).all() else ()


def _shaped(targets: np.ndarray | None, shape: tuple[int, ...], head: Head) -> np.ndarray:
    values = np.asarray(targets)
    if values.size != np.prod(shape):
        raise ParameterError(
            f"{head.name}: overfit cannot tell right answers where a loss of your own takes labels "
            f"of another shape. Received: labels {values.shape} for outputs {shape}"
        )
    return values.reshape(shape)


def _directions(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
