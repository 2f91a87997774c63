"""One batch through a model, forwards and back, leaving no trace in it.

Keras's stateless scope takes up every assignment, so that weights, BatchNorm statistics and the
seeds of dropout stay as they were, bit for bit.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from speechsent.doctor.graph import has_weights, leaves
from speechsent.doctor.heads import Head

N_PROBED = 64


@dataclass(frozen=True)
class Probe:
    """What one batch did in inference mode.

    Args:
        outputs: Outputs, flat, each ``(batch, ...)``.
        layer_inputs: First input of each layer with weights, by ``id``.
    """

    outputs: list[np.ndarray]
    layer_inputs: dict[int, np.ndarray]


@dataclass(frozen=True)
class Step:
    """What one batch did in training mode, up to where weights would move.

    Args:
        outputs: Outputs, flat, each ``(batch, ...)``.
        losses: First loss of each output.
        gradients: Largest magnitude in the gradient of each trainable variable, by layer; None
            if the loss does not depend on the variable at all.
    """

    outputs: list[np.ndarray]
    losses: list[float]
    gradients: dict[str, list[float | None]]


def probed_rows(n: int) -> np.ndarray:
    """At most 64 evenly spaced rows: sorted labels must not give one class alone."""
    return np.unique(np.linspace(0, n - 1, min(n, N_PROBED)).round().astype(int))


def run_forwards(model: keras.Model, x: Any) -> Probe:
    """Run a batch in inference mode.

    Args:
        model: The model.
        x: The batch, as the model takes it.
    """
    with keras.StatelessScope(), _recorded(model) as layer_inputs:
        outputs = keras.tree.flatten(model(x, training=False))
    return Probe([keras.ops.convert_to_numpy(values) for values in outputs], layer_inputs)


def run_backwards(
    model: keras.Model,
    x: Any,
    heads: Sequence[Head],
    chosen: np.ndarray,
    *,
    values: Sequence[tuple[keras.Variable, Any]] = (),
) -> Step:
    """Run a batch in training mode, and back.

    Args:
        model: The model.
        x: The batch, as the model takes it.
        heads: Its outputs, all with a loss and targets.
        chosen: Rows of the targets that belong to the batch.
        values: Variables to be run with other values than their own.
    """
    import tensorflow as tf

    variables = model.trainable_variables
    wanted = [head.targets[chosen] for head in heads if head.targets is not None]

    scope = keras.StatelessScope(values, collect_losses=True)
    with scope, tf.GradientTape() as tape:
        outputs = keras.tree.flatten(model(x, training=True))
        losses = [
            mean_loss(head, targets, output)
            for head, targets, output in zip(heads, wanted, outputs, strict=True)
        ]
        total = tf.add_n(losses)
        for added in scope.losses:  # some layers train by a loss of their own alone
            total += tf.cast(added, total.dtype)
    gradients = tape.gradient(total, [variable.value for variable in variables])
    by_layer: dict[str, list[float | None]] = {}
    for variable, gradient in zip(variables, gradients, strict=True):
        by_layer.setdefault(_layer(variable.path), []).append(_largest(gradient))
    flat = [keras.ops.convert_to_numpy(values) for values in outputs]
    return Step(flat, [float(loss) for loss in losses], by_layer)


def mean_loss(head: Head, targets: Any, output: Any) -> Any:
    """Mean loss of an output; labels are a column where the output is one, as Keras makes them."""
    if len(targets.shape) == len(output.shape) - 1 and output.shape[-1] == 1:
        targets = targets[..., None]
    return keras.ops.mean(head.loss(keras.ops.convert_to_tensor(targets), output))


def _layer(path: str) -> str:
    """The layer in a variable's path."""
    return path.rpartition("/")[0] or path


def _largest(gradient: Any) -> float | None:
    """Largest magnitude, NaN if any value is; of a sparse gradient that of its rows."""
    if gradient is None:
        return None
    values = keras.ops.convert_to_numpy(getattr(gradient, "values", gradient))
    return float(np.abs(values).max()) if values.size else 0.0


@contextmanager
def _recorded(model: keras.Model) -> Iterator[dict[int, np.ndarray]]:
    """Note the first input of each layer with weights while the model runs."""
    inputs: dict[int, np.ndarray] = {}
    watched = [layer for layer in leaves(model) if has_weights(layer)]
    for layer in watched:
        layer.call = _noting(layer, inputs)
    try:
        yield inputs
    finally:
        for layer in watched:
            del layer.call  # the class's own shows again


def _noting(layer: Any, inputs: dict[int, np.ndarray]) -> Any:
    call = layer.call

    def noting(*args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else next(iter(kwargs.values()))
        if keras.ops.is_tensor(first):
            inputs.setdefault(id(layer), keras.ops.convert_to_numpy(first))
        return call(*args, **kwargs)

    return noting
