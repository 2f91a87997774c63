"""Training and inference that disagree about the same samples."""

from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np
from keras import layers

from speechsent.doctor.findings import Finding

SETTLED = 0.9
GAP = 0.25  # in nats, and as a share of the loss; healthy networks stay below once settled
VARIANCE_RATIO = (0.7, 1.4)  # healthy networks have .96 to 1
RUNNING_NAMES = (
    "accuracy",
    "acc",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "binary_accuracy",
)
BELOW, ABOVE = 0.15, 0.25


def settled(layer: layers.BatchNormalization, steps: int) -> bool:
    """Whether moving averages have come close to what they average."""
    return 1 - float(layer.momentum) ** steps > SETTLED


def loss_gap(training: float, inference: float) -> Iterator[Finding]:
    """The same samples, judged with batch statistics and with stored ones.

    Args:
        training: Loss in training mode, without dropout.
        inference: Loss in inference mode.
    """
    gap = training - inference
    if _gap(training, inference) <= GAP:
        return
    yield Finding(
        name="batchnorm-modes-disagree",
        severity="error" if gap < 0 else "warning",
        at="BatchNorm",
        seen=f"loss {training:.3g} with statistics of the batch, {inference:.3g} with those "
        "inference uses, on the same samples",
        expected=f"no farther apart than {GAP * max(1.0, min(training, inference)):.2g}",
        why="what training reports is then not what the model does when it is used: 1.00 against "
        ".35 in our reproduction",
        remedy="layer.trainable = False for each BatchNormalization of a pretrained base, after "
        "unfreezing it; from scratch momentum=0.9 and batches of 32",
    )


def agree(training: float, inference: float) -> bool:
    """Whether both modes are so near each other that one look may pass without comparing them."""
    return _gap(training, inference) <= GAP / 2


def _gap(training: float, inference: float) -> float:
    """In nats, or as a share of the loss where that is above 1."""
    return abs(training - inference) / max(1.0, min(training, inference))


def shifted_variances(
    every: Sequence[layers.BatchNormalization], variances: Mapping[int, np.ndarray]
) -> Iterator[Finding]:
    """What reaches BatchNorm in inference, against the variance it learnt in training.

    Args:
        every: Settled layers that train.
        variances: Variance of each channel in inference mode, by ``id`` of the layer.
    """
    ratios = {la.name: _ratio(la, variances[id(la)]) for la in every if id(la) in variances}
    low, high = VARIANCE_RATIO
    off = {name: ratio for name, ratio in ratios.items() if not low <= ratio <= high}
    if not off:
        return
    worst = max(off, key=lambda name: abs(np.log(off[name])))
    yield Finding(
        name="variance-shifts-at-batchnorm",
        severity="warning",
        at=f"'{worst}'" + (f", the worst of {len(off)}" if len(off) > 1 else ""),
        seen=f"its variance in inference is {off[worst]:.2g} of that in training",
        expected=f"{low:g} to {high:g} (healthy networks: 0.96 to 1)",
        why="dropout before it, or augmentation, is gone in inference, and BatchNorm still divides "
        "by the variance of training",
        remedy="move dropout behind the last BatchNormalization, or measure the statistics again "
        "after training (speechsent.branches.batchnorm.reestimate)",
    )


def _ratio(layer: layers.BatchNormalization, variance: np.ndarray) -> float:
    """Geometric mean over channels."""
    stored = keras.ops.convert_to_numpy(layer.moving_variance)
    return float(np.exp(np.log((variance + layer.epsilon) / (stored + layer.epsilon)).mean()))


def running_accuracy(logs: Mapping[str, float]) -> float | None:
    """Keras's own training accuracy, where there is one."""
    return next((float(logs[name]) for name in RUNNING_NAMES if name in logs), None)


def misleading_figures(running: float, measured: float, n: int) -> Iterator[Finding]:
    """Keras's running training accuracy, against inference mode.

    Args:
        running: What Keras told for the epoch.
        measured: Accuracy in inference mode after it.
        n: Samples it was measured on.
    """
    if measured - running > BELOW:
        yield _misleading(
            running,
            measured,
            n,
            severity="note",
            why="the running figure is taken with dropout on while weights still move, so "
            "validation may look better than training",
            remedy="judge overfitting by model.evaluate(x, y, return_dict=True)",
        )
    elif running - measured > ABOVE:
        yield _misleading(
            running,
            measured,
            n,
            severity="warning",
            why="the network does worse in inference on what it was trained on, so no validation "
            "can be good: BatchNorm, or layers that work while training only",
            remedy="look for batchnorm-modes-disagree and for layers that use training=",
        )


def _misleading(
    running: float, measured: float, n: int, *, severity: str, why: str, remedy: str
) -> Finding:
    return Finding(
        name="training-figures-mislead",
        severity="note" if severity == "note" else "warning",
        at="accuracy",
        seen=f"{running:.3f} while training, {measured:.3f} in inference mode on {n} samples",
        expected=f"inference between {ABOVE:g} below and {BELOW:g} above",
        why=why,
        remedy=remedy,
    )
