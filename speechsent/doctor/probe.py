"""One batch through a model, forwards and back, leaving no trace in it.

Keras's stateless scope takes up every assignment, so that weights, BatchNorm statistics and the
seeds of dropout stay as they were, bit for bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

from speechsent.doctor.calls import calling, leaving_no_trace, within_reach
from speechsent.doctor.graph import has_weights, leaves
from speechsent.doctor.heads import Head, as_compiled, output_names

N_PROBED = 64


@dataclass(frozen=True)
class Probe:
    """What one batch did in inference mode.

    Args:
        answered: Outputs by name, in Keras's order, each ``(batch, ...)``.
        layer_inputs: First input of each layer with weights, by ``id``; of BatchNorm those of all
            its calls, and none where frames are masked, which it leaves out.
    """

    answered: dict[str, np.ndarray]
    layer_inputs: dict[int, np.ndarray]

    @property
    def outputs(self) -> list[np.ndarray]:
        """Outputs, flat."""
        return list(self.answered.values())


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


def probed_rows(n: int, exactly: int | None = None) -> np.ndarray:
    """At most 64 evenly spaced rows: sorted labels must not give one class alone.

    Args:
        n: Number of rows there are.
        exactly: Number of rows wanted, if the model takes no other; some then come again.
    """
    few = exactly or min(n, N_PROBED)
    return np.linspace(0, n - 1, few).round().astype(int)


def run_forwards(model: keras.Model, x: Any) -> Probe:
    """Run a batch in inference mode.

    Args:
        model: The model.
        x: The batch, as the model takes it.
    """
    inputs: dict[int, np.ndarray] = {}
    watched = [layer for layer in leaves(model) if has_weights(layer)]
    with leaving_no_trace(), calling(watched, lambda layer: _noting(layer, inputs)):
        answered = model(x, training=False)
    return Probe(named_outputs(answered), inputs)


def named_outputs(answered: Any) -> dict[str, np.ndarray]:
    """What a model gave for a batch, by name."""
    flat = map(keras.ops.convert_to_numpy, keras.tree.flatten(answered))
    return dict(zip(output_names(answered), flat, strict=True))


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

    with leaving_no_trace(values) as scope, tf.GradientTape() as tape:
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
    """Mean loss of an output, as ``fit`` counts it."""
    losses = as_compiled(head.loss)(keras.ops.convert_to_tensor(targets), output)
    return keras.ops.cast(keras.ops.mean(losses), "float32")


def _layer(path: str) -> str:
    """The layer in a variable's path."""
    return path.rpartition("/")[0] or path


def _largest(gradient: Any) -> float | None:
    """Largest magnitude, NaN if any value is; of a sparse gradient that of its rows."""
    if gradient is None:
        return None
    values = keras.ops.convert_to_numpy(getattr(gradient, "values", gradient))
    return float(np.abs(values).max()) if values.size else 0.0


def _noting(layer: Any, inputs: dict[int, np.ndarray]) -> Any:
    """Note what a layer reads."""
    call, reached = layer.call, within_reach()
    normalises = isinstance(layer, layers.BatchNormalization)

    def noting(*args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else next(iter(kwargs.values()))
        if reached(first) and not (normalises and kwargs.get("mask") is not None):
            values, before = keras.ops.convert_to_numpy(first), inputs.get(id(layer))
            if before is None:
                inputs[id(layer)] = values
            elif normalises and before.shape[1:] == values.shape[1:]:
                inputs[id(layer)] = np.concatenate([before, values])
        return call(*args, **kwargs)

    return noting
