"""What the layers alone tell: nothing that trains, heads on probabilities, odd kernels."""

from collections.abc import Iterator

import keras
from keras import layers

from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import Node, behind_passive, has_weights, leaves
from speechsent.doctor.heads import activation_of
from speechsent.doctor.normalisation import has_history
from speechsent.errors import some

WITH_KERNEL = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D)
SQUASHING = ("softmax", "sigmoid")
PASSED_ON = (layers.BatchNormalization, layers.Concatenate)


def architecture_findings(case: Case) -> Iterator[Finding]:
    """Everything that needs no data."""
    yield from nothing_trains(case)
    yield from frozen_untrained(case)
    yield from legacy_recurrence(case)
    for node in case.graph.outputs if case.graph else ():
        yield from activation_twice(node)
    for node in case.graph.nodes if case.graph else ():
        yield from head_on_probabilities(node)
        yield from giant_kernel(node)


def nothing_trains(case: Case) -> Iterator[Finding]:
    """Every variable is frozen."""
    if not case.model.trainable_variables:
        n = len(case.model.weights)
        yield Finding(
            name="nothing-trains",
            severity="error",
            at=case.model.name,
            seen=f"0 of {n} variables train",
            expected="at least those of the head",
            why="the loss changes by dropout alone",
            remedy="layer.trainable = True for the layers to train, then compile again",
        )


def frozen_untrained(case: Case) -> Iterator[Finding]:
    """Layers that are frozen as they were made."""
    kinds = (*WITH_KERNEL, layers.BatchNormalization)
    frozen = [la for la in leaves(case.model) if isinstance(la, kinds) and not la.trainable]
    if not frozen or not case.model.trainable_variables:  # that is told by itself
        return
    new = [la.name for la in frozen if _as_made(la)]
    if new:
        yield Finding(
            name="frozen-untrained",
            severity="warning",
            at=some(new, limit=3),
            seen=f"{len(new)} of {len(frozen)} frozen layers are as they were made, at random",
            expected="weights of a training",
            why="what is frozen never learns, so all that is behind it reads a chance mixture of "
            "the inputs",
            remedy="give them weights before they are frozen (weights='imagenet', load_weights), "
            "or layer.trainable = True and compile again",
        )


def _as_made(layer: layers.Layer) -> bool:
    """Whether a layer has the weights or statistics it began with, which no data has changed."""
    if isinstance(layer, layers.BatchNormalization):
        return not has_history(layer)
    initializer = layer.kernel_initializer
    if not isinstance(getattr(initializer, "seed", None), int):  # made of something, not at random
        return False
    made = initializer(layer.kernel.shape, dtype=layer.kernel.dtype)  # the same each time
    return bool(keras.ops.all(keras.ops.equal(made, layer.kernel)))


def activation_twice(output: Node) -> Iterator[Finding]:
    """A softmax or sigmoid of what is a probability already."""
    outer = behind_passive(output)
    if has_weights(outer.operation) or len(outer.parents) != 1:
        return
    inner = behind_passive(outer.parents[0])
    told, again = activation_of(inner.operation), activation_of(outer.operation)
    if told in SQUASHING and again in SQUASHING:
        yield Finding(
            name="activation-twice",
            severity="error",
            at=outer.name,
            seen=f"{told}, and behind it {again}",
            expected="one of the two",
            why="probabilities lie between 0 and 1, so a second sigmoid answers .5 to .73 and "
            "never no, and a second softmax is never sure: the loss cannot fall below 1.04 with 6 "
            "classes",
            remedy=f"leave '{outer.name}' out; or no activation in '{inner.name}'",
        )


def head_on_probabilities(node: Node) -> Iterator[Finding]:
    """A dense layer that reads another network's answers instead of its features."""
    if not isinstance(node.operation, layers.Dense):
        return
    source = _source(node.parents[0])
    if source is None:
        return
    width = source.shape[-1]
    yield Finding(
        name="head-on-probabilities",
        severity="warning",
        at=node.name,
        seen=f"it reads the softmax of '{source.name}', {width} numbers that sum to 1",
        expected="the layer before that softmax, or earlier",
        why="all but the answer has been thrown away by then; in the reports this is from, heads "
        "on a softmax of ImageNet stayed near chance (20 % with 6 classes)",
        remedy=f"keras.Model(base.input, base.get_layer('{source.name}').input), or "
        "include_top=False",
    )


def _source(node: Node) -> Node | None:
    """The softmax behind which nothing but scaling, dropout and joining lies; None if none."""
    node = behind_passive(node)
    if isinstance(node.operation, PASSED_ON):
        found = (_source(parent) for parent in node.parents)
        return next((source for source in found if source), None)
    return node if activation_of(node.operation) == "softmax" else None


def giant_kernel(node: Node) -> Iterator[Finding]:
    """A convolution over the whole image at once: a dense layer by another name."""
    operation = node.operation
    if not isinstance(operation, (layers.Conv1D, layers.Conv2D, layers.Conv3D)):
        return
    if operation.data_format != "channels_last" or not node.parents:
        return
    extent = node.parents[0].shape[1:-1]
    kernel = operation.kernel_size
    if any(size is None or size < 2 for size in extent):
        return
    if all(k >= size for k, size in zip(kernel, extent, strict=True) if size is not None):
        yield Finding(
            name="kernel-as-large-as-input",
            severity="note",
            at=node.name,
            seen=f"kernel {_times(kernel)} over {_times(extent)}, {operation.count_params():,} "
            "weights",
            expected="kernels of 3 to 7",
            why="it has one place to look from, so nothing is shared across time or frequency; it "
            "learns if inputs are standardised (accuracy 1.0 in our reproduction)",
            remedy=f"a few Conv2D({operation.filters}, 3) with pooling between them",
        )


def _times(sizes: tuple[int | None, ...]) -> str:
    return " x ".join(map(str, sizes))


def legacy_recurrence(case: Case) -> Iterator[Finding]:
    """LSTMs and GRUs with Keras 2's default gate, whose formula has changed."""
    cells = [la for layer in leaves(case.model) for la in _unwrapped(layer)]
    old = [
        la.name
        for la in cells
        if isinstance(la, (layers.LSTM, layers.GRU))
        and la.recurrent_activation is keras.activations.hard_sigmoid
    ]
    if old:
        yield Finding(
            name="legacy-hard-sigmoid",
            severity="warning",
            at=some(old),
            seen="recurrent_activation='hard_sigmoid'",
            expected="sigmoid, or the old formula if the weights are of Keras 2",
            why="Keras 3 computes relu6(x + 3) / 6 where Keras 2 computed 0.2 x + 0.5: a model of "
            "2018 fell from 80.3 % to 41.2 % without a word",
            remedy="layer.cell.recurrent_activation = lambda x: keras.ops.clip(0.2 * x + 0.5, 0, "
            "1); nothing, if it was trained with Keras 3",
        )


def _unwrapped(layer: keras.layers.Layer) -> list[keras.layers.Layer]:
    """A layer, or both directions of a bidirectional one."""
    if isinstance(layer, layers.Bidirectional):
        return [layer.forward_layer, layer.backward_layer]
    return [layer]
