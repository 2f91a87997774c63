"""Can the network learn twelve samples by heart? What cannot do that learns nothing else either."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from speechsent.doctor.case import fed, n_rows, rows
from speechsent.doctor.copying import calm_copy, fresh_optimizer
from speechsent.doctor.examination import model_loss
from speechsent.doctor.findings import Diagnosis, Finding, in_order
from speechsent.doctor.given import Given, check_shapes, read
from speechsent.doctor.graph import RECURRENT, fixed_batch, graph_of, leaves
from speechsent.doctor.heads import Head, heads_of
from speechsent.doctor.labels import labels_of
from speechsent.doctor.learnt import counts_answers, score_of, score_wanted
from speechsent.doctor.probe import named_outputs
from speechsent.errors import ParameterError

N_SAMPLES = 12
STEPS, MANY_STEPS = 150, 400
RATES = (1e-2, 1e-3)  # the second is tried where the first is too fast
ROUND = 10  # steps between two looks


@dataclass(frozen=True)
class Attempt:
    """How far one training on the few samples came.

    Args:
        score: Share of right answers, or of the variance explained, of the worst output.
        loss: Loss of the last step.
        steps: Steps made.
    """

    score: float
    loss: float
    steps: int


def overfit(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    loss: Any = None,
    optimizer: Any = None,
    steps: int | None = None,
) -> Diagnosis:
    """Train a copy of a model on twelve samples until it knows them by heart, if it can.

    Dropout and noise are off in the copy. It is judged in inference mode by its answers, because
    the loss of a broken network may well fall. BatchNorm takes the statistics of the twelve. The
    model itself stays as it is.

    Args:
        model: Built model, compiled or not.
        x: Inputs, as ``model.fit`` takes them, or a data set of inputs and labels.
        y: Labels, likewise.
        loss: As ``model.compile`` takes it; that of the compiled model if not given.
        optimizer: One to be judged along with the model. If not given Adam at 1e-2, and at 1e-3
            if that is too fast, so that the network alone is judged.
        steps: Most steps; 150 if not given, and 400 with recurrent or frozen layers or a loss
            that is neither a cross-entropy nor one of regression.

    Returns:
        No finding if it can, ``cannot-overfit`` if it cannot; labels that cannot be used are told
        instead.

    Raises:
        ParameterError: If the model cannot be copied, or a loss or labels are missing.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "softmax")])
        >>> x, y = np.eye(3, dtype="float32")[[0, 1, 2]], np.array([0, 1, 1])
        >>> overfit(model, x, y, loss="sparse_categorical_crossentropy").errors
        ()
    """
    loss = model_loss(model) if loss is None else loss
    if loss is None:
        raise ParameterError("overfit needs a loss: compile the model, or pass loss=")
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # told in our own words
        given = read(x, y)
        if given.x is None or given.y is None:
            raise ParameterError("overfit needs inputs and labels: pass x and y, or a data set")
        return _overfit(model, given, loss, optimizer, steps)


def _overfit(
    model: keras.Model, given: Given, loss: Any, optimizer: Any, steps: int | None
) -> Diagnosis:
    x, y = given.x, given.y
    check_shapes(model, x)
    at_a_time = fixed_batch(model)
    answered = _answers(model, fed(rows(x, np.zeros(at_a_time or 1, int))))
    heads = heads_of(graph_of(model), loss, y, answered)
    unusable = [f for head in heads for f in labels_of(head) if f.severity == "error"]
    if unusable:
        return Diagnosis(in_order(unusable), ("labels",))
    chosen = few_samples(heads, n_rows(x))
    chosen = np.resize(chosen, at_a_time or len(chosen))
    x, y = fed(rows(x, chosen)), rows(y, chosen)
    heads = heads_of(graph_of(model), loss, y, answered)
    slow = _slow(model) or any(head.kind == "other" for head in heads)
    steps = steps or (MANY_STEPS if slow else STEPS)
    best = Attempt(-np.inf, np.nan, 0)
    for chosen_optimizer in _optimizers(optimizer):
        attempt = _train(calm_copy(model), x, y, heads, loss, chosen_optimizer, steps)
        best = max(best, attempt, key=lambda tried: tried.score)
        if _known_by_heart(best, heads):
            scope = f"{len(chosen)} samples learnt by heart in {best.steps} steps"
            return Diagnosis((), (scope,))
    return Diagnosis((_finding(model, best, heads, len(chosen)),), (f"{len(chosen)} samples",))


def few_samples(heads: list[Head], n: int) -> np.ndarray:
    """Rows of twelve samples, of as many classes as there are."""
    classes = next((head.classes for head in heads if head.classes is not None), np.zeros(n, int))
    counted = [h.counted.reshape(n, -1).any(axis=1) for h in heads if h.targets is not None]
    usable = np.logical_and.reduce(counted) if counted else np.ones(n, bool)
    order = [np.flatnonzero(usable & (classes == c)) for c in np.unique(classes[usable])]
    turns = [[found[i] for found in order if i < len(found)] for i in range(min(n, N_SAMPLES))]
    return np.sort(np.array([row for turn in turns for row in turn][:N_SAMPLES]))


def _optimizers(given: Any) -> Iterator[Any]:
    """The one to be judged, or some that get any sound network there."""
    if given is not None:
        yield fresh_optimizer(given)
        return
    for rate in RATES:
        yield keras.optimizers.Adam(rate)


def _slow(model: keras.Model) -> bool:
    """Recurrent networks and heads on frozen ones need more steps."""
    return any(isinstance(la, RECURRENT) or not la.trainable for la in leaves(model))


def _train(
    model: keras.Model, x: Any, y: Any, heads: list[Head], loss: Any, optimizer: Any, steps: int
) -> Attempt:
    """Train until all is known, or the steps are used up."""
    model.compile(optimizer, loss, jit_compile=False)
    model.optimizer.build(model.trainable_variables)  # in a step, it would be traced twice
    for done in range(1, steps + 1):
        value = float(np.ravel(model.train_on_batch(x, y))[0])
        if not np.isfinite(value):
            return Attempt(-np.inf, value, done)
        if done % ROUND == 0 or done == steps:
            attempt = Attempt(min(map(score_of, heads, _answers(model, x).values())), value, done)
            if _known_by_heart(attempt, heads):
                return attempt
    return attempt


def _answers(model: keras.Model, x: Any) -> dict[str, np.ndarray]:
    with keras.StatelessScope():
        return named_outputs(model(x, training=False))


def _known_by_heart(attempt: Attempt, heads: list[Head]) -> bool:
    return attempt.score >= min(map(score_wanted, heads))


def _finding(model: keras.Model, best: Attempt, heads: list[Head], n: int) -> Finding:
    what = "accuracy" if all(map(counts_answers, heads)) else "variance explained"
    return Finding(
        name="cannot-overfit",
        severity="error",
        at=model.name,
        seen=f"{what} {best.score:.2f} on {n} samples after {best.steps} steps, loss "
        f"{best.loss:.2g}",
        expected=f"{what} {min(map(score_wanted, heads)):g}, dropout off, judged in inference mode",
        why="a network that cannot learn a dozen samples by heart learns nothing from more",
        remedy="speechsent.examine(model, x, y) for the cause; where it finds none: more units, "
        "another activation, layers that are frozen",
    )
