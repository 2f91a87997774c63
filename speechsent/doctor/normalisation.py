"""BatchNorm: what it trains on, how soon it settles, and what dropout before it does."""

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from speechsent.doctor.backbone import FAMILIES
from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import DROPOUTS, Node, batchnorm_layers, has_weights, leaves
from speechsent.errors import some

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
SMALL_BATCH = 8
SETTLED = 0.95
SHRINKING = 0.7  # inference variance / training variance; healthy networks have 0.96 to 1
WIDE = 256
SHIFTED = 0.5
VARIANCE_RATIO = (0.5, 2.0)
ENOUGH_VALUES = 16


def normalisation_findings(case: Case) -> Iterator[Finding]:
    """Everything about BatchNorm; nothing where there is none."""
    every = batchnorm_layers(case.model)
    training = [la for la in every if la.trainable]
    if training:
        yield from trains_in_pretrained(case, training)
        yield from small_batches(case, training)
        yield from unsettled(case, training)
    for node in case.graph.nodes if case.graph else ():
        yield from dropout_before(node)
    yield from off_distribution(case, every)


def has_history(layer: layers.BatchNormalization) -> bool:
    """Whether its statistics are no longer those it is made with."""
    mean, variance = _stored(layer)
    return bool(mean.any() or (variance != 1).any())


def never_trained(model: keras.Model) -> bool:
    """Whether a network is as it was made: its BatchNorm, or without any the biases of its CNN."""
    every = batchnorm_layers(model)
    if every:
        return not any(map(has_history, every))
    biases = [la.bias for la in leaves(model) if isinstance(la, CONVOLUTIONS) and la.use_bias]
    return bool(biases) and not any(np.any(keras.ops.convert_to_numpy(bias)) for bias in biases)


def _stored(layer: layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each channel."""
    to_numpy = keras.ops.convert_to_numpy
    return to_numpy(layer.moving_mean), to_numpy(layer.moving_variance)


def trains_in_pretrained(
    case: Case, training: list[layers.BatchNormalization]
) -> Iterator[Finding]:
    """BatchNorm with statistics of other data that would be trained on this one."""
    weighted = [la for la in leaves(case.model) if has_weights(la)]
    others = [la for la in weighted if not isinstance(la, layers.BatchNormalization)]
    partly = any(not la.trainable for la in others)
    known = not FAMILIES.keys().isdisjoint(la.name for la in leaves(case.model))
    old = [la.name for la in training if has_history(la)]
    if not old or not (partly or known):
        return
    if case.probe is not None and not any(shift.far for shift in _shifts(case, training)):
        return  # statistics of this very data: the network is one's own, and goes on
    yield Finding(
        name="batchnorm-trains-in-pretrained",
        severity="error",
        at=some(old, limit=3),
        seen=f"{len(old)} pretrained BatchNorm layers with trainable=True",
        expected="none",
        why="batches of yours replace its statistics while training, and inference uses others: "
        "80 steps took a fine-tuned network from .79 to .22 in our reproduction, pinned it kept "
        ".83 (base(x, training=False) has no effect in Keras 3.15)",
        remedy="for each BatchNormalization layer, after base.trainable = True: layer.trainable = "
        "False (speechsent: --bn frozen, or --bn reestimate)",
    )


def small_batches(case: Case, training: list[layers.BatchNormalization]) -> Iterator[Finding]:
    """Statistics of a handful of samples."""
    if case.batch_size is None or case.batch_size >= SMALL_BATCH:
        return
    yield Finding(
        name="batch-too-small-for-batchnorm",
        severity="warning",
        at=some((la.name for la in training), limit=3),
        seen=f"batches of {case.batch_size}",
        expected=f"{SMALL_BATCH} or more",
        why="each batch is normalised by its own few samples, and inference by their average: the "
        "two losses differ by 4 nats with batches of 2 in our reproduction",
        remedy=f"batch_size={4 * SMALL_BATCH}, or GroupNormalization, or BatchNorm pinned",
    )


def unsettled(case: Case, training: list[layers.BatchNormalization]) -> Iterator[Finding]:
    """Moving averages that are still on their way when training ends."""
    if case.n_steps is None:
        return
    slowest = max(training, key=lambda layer: float(layer.momentum))
    share = 1 - float(slowest.momentum) ** case.n_steps
    if share < SETTLED:
        fitting = 0.05 ** (1 / max(case.n_steps, 1))
        yield Finding(
            name="batchnorm-not-settled",
            severity="warning",
            at=slowest.name,
            seen=f"momentum {slowest.momentum:g} over {case.n_steps} steps: {share:.0%} settled",
            expected=f"{SETTLED:.0%}",
            why="inference uses moving averages that are still near those it started with, so "
            "validation looks broken while training looks well",
            remedy=f"BatchNormalization(momentum={min(fitting, 0.9):.2g}), or more epochs",
        )


def dropout_before(node: Node) -> Iterator[Finding]:
    """Dropout whose variance BatchNorm learns, and which is gone in inference."""
    if not isinstance(node.operation, layers.BatchNormalization):
        return
    for drop, narrow in _dropouts(node, frozenset()):
        rate = float(drop.operation.rate)
        if rate == 0 or (narrow and 1 - rate >= SHRINKING):
            continue
        yield Finding(
            name="dropout-before-batchnorm",
            severity="warning",
            at=f"'{drop.name}' before '{node.name}'",
            seen=f"rate {rate:g}{', a narrow layer between' if narrow else ''}: what leaves it has "
            f"in inference about {1 - rate:.2g} of the variance of training",
            expected="0.96 to 1 where BatchNorm reads it",
            why="BatchNorm divides by the training variance in inference too (our reproduction: a "
            "test loss of .66, and .44 once its statistics were measured again)",
            remedy=f"move '{drop.name}' behind the last BatchNormalization",
        )
        return


def _dropouts(node: Node, passed: frozenset[str]) -> Iterator[tuple[Node, bool]]:
    """Dropouts above a call with no wide layer and no other BatchNorm between.

    Yields:
        The dropout, and whether a layer with weights, if a narrow one, lies between.
    """
    for parent in node.parents:
        operation = parent.operation
        if isinstance(operation, DROPOUTS):
            yield parent, bool(passed)
        if isinstance(operation, layers.BatchNormalization):
            continue
        if not parent.weighs:
            yield from _dropouts(parent, passed)
        elif not passed and (parent.shape[-1] or WIDE) < WIDE:
            yield from _dropouts(parent, frozenset({parent.name}))


@dataclass(frozen=True)
class Shift:
    """How far a batch is from the statistics of a BatchNorm layer.

    Args:
        layer: Its name.
        mean: Mean distance of the channels' means, in deviations.
        ratio: Geometric mean of variance ratios, batch to stored.
    """

    layer: str
    mean: float
    ratio: float

    @property
    def far(self) -> bool:
        """Whether the layer was made for other data."""
        low, high = VARIANCE_RATIO
        return self.mean > SHIFTED or not low <= self.ratio <= high


def off_distribution(case: Case, every: list[layers.BatchNormalization]) -> Iterator[Finding]:
    """Stored statistics that are not those of this data."""
    far = [shift for shift in _shifts(case, every) if shift.far]
    if not far:
        return
    worst = max(far, key=lambda shift: max(shift.mean, abs(np.log(shift.ratio))))
    yield Finding(
        name="batchnorm-off-distribution",
        severity="warning",
        at=f"{worst.layer}, the farthest of {len(far)}",
        seen=f"means {worst.mean:.2g} deviations off, variances {worst.ratio:.2g} of those stored",
        expected=f"means within {SHIFTED:g}, variances between {VARIANCE_RATIO[0]:g} and "
        f"{VARIANCE_RATIO[1]:g} of those stored",
        why="features behind it are off what the network knows; in our reproduction a head could "
        "adapt to that (accuracy .81), but measured again the same network reached 1.0",
        remedy="measure the statistics on training samples, once: "
        "speechsent.branches.batchnorm.reestimate(model, batches), or --bn reestimate",
    )


def _shifts(case: Case, every: list[layers.BatchNormalization]) -> list[Shift]:
    """How far each layer is off that has statistics; none without a batch."""
    read = case.probe.layer_inputs if case.probe else {}
    known = ((layer, read.get(id(layer))) for layer in every)
    shifts = (_shift(la, x) for la, x in known if x is not None and has_history(la))
    return [shift for shift in shifts if shift is not None]


def _shift(layer: layers.BatchNormalization, values: np.ndarray) -> Shift | None:
    axis = layer.axis if isinstance(layer.axis, int) else layer.axis[0]
    rows = np.moveaxis(values.astype(np.float64), axis, -1).reshape(-1, values.shape[axis])
    if len(rows) < ENOUGH_VALUES:
        return None
    mean, variance = _stored(layer)
    moved = np.abs(rows.mean(axis=0) - mean) / np.sqrt(variance + layer.epsilon)
    ratio = np.log((rows.var(axis=0) + layer.epsilon) / (variance + layer.epsilon)).mean()
    return Shift(layer.name, float(moved.mean()), float(np.exp(ratio)))
