"""Answers that hardly depend on what is asked."""

from collections.abc import Iterator

import numpy as np

from speechsent.doctor.findings import Finding
from speechsent.doctor.heads import Head

SAME = 1e-3  # deviation of probabilities; healthy networks had .136 or more after 60 steps
SAME_SHARE = 0.05  # of the targets' deviation, where numbers are told
ENOUGH_SAMPLES = 8


def answer_findings(head: Head, values: np.ndarray) -> Iterator[Finding]:
    """What one output's answers to some samples tell once training is under way.

    Args:
        head: The output, with the targets of these samples.
        values: Its answers, ``(n_samples, n_values)``.
    """
    if len(values) < ENOUGH_SAMPLES or not np.isfinite(values).all():
        return
    constant = list(_constant(head, values))
    yield from constant or _collapsed(head, values)


def _constant(head: Head, values: np.ndarray) -> Iterator[Finding]:
    """The same answer to every sample."""
    spread = float(values.std(axis=0).max())
    if head.classifies and spread < SAME:
        seen, expected = f"deviation {spread:.1g}", f"{SAME:g} or more (healthy networks: .14)"
    elif head.kind == "regression" and head.targets is not None:
        wanted = float(head.targets.std(axis=0).max())
        if not wanted or spread >= SAME_SHARE * wanted:
            return
        seen, expected = f"deviation {spread / wanted:.1g} of the targets'", f"{SAME_SHARE:g}"
    else:
        return
    yield Finding(
        name="answers-do-not-vary",
        severity="error",
        at=head.name,
        seen=f"{seen} over {len(values)} samples",
        expected=expected,
        why="the network has settled on the mean of all targets and ignores its input",
        remedy="standardise inputs and targets (see input-scale); then look for dead-units and "
        "at the learning rate",
    )


def _collapsed(head: Head, values: np.ndarray) -> Iterator[Finding]:
    """Most classes are never the answer."""
    if not head.classifies or head.classes is None or values.ndim != 2:
        return
    answers = values.argmax(axis=1) if values.shape[1] > 1 else _side(values, head.from_logits)
    asked, given = np.unique(head.classes), np.unique(answers)
    if len(asked) < 2 or len(given) >= max(2.0, len(asked) / 2):
        return
    yield Finding(
        name="classes-never-predicted",
        severity="warning",
        at=head.name,
        seen=f"{len(given)} of {len(asked)} classes are ever the answer to {len(values)} samples",
        expected=f"{int(max(2, np.ceil(len(asked) / 2)))} or more after 60 steps",
        why="accuracy is then near the share of the classes that are left, and UAR near chance",
        remedy="class_weight in model.fit (speechsent: --set fit.class_weights=true); a lower "
        "learning rate; look for dead-units",
    )


def _side(values: np.ndarray, from_logits: bool) -> np.ndarray:
    """Class of one unit's answers."""
    return (values[:, 0] > (0.0 if from_logits else 0.5)).astype(int)
