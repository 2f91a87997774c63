"""LSTM layers as one operation each: what other runtimes have ready, Keras writes as a loop.

Exported as Keras computes it, an LSTM is a loop of some twenty small operations with a turn for
each frame. While a graph is traced with ``whole_lstms``, each layer is one ``BlockLSTMV2`` of
TensorFlow instead, and masked frames are dealt with around it; ``HANDLERS`` make that the ``LSTM``
of ONNX. A layer that cannot be told so keeps its loop.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Tensor = Any  # tensorflow ships no types
OPERATION = "BlockLSTMV2"


@contextmanager
def whole_lstms(model: keras.Model) -> Iterator[None]:
    """Within the block, calls of a model compute each LSTM layer as one operation."""
    changed = [layer for layer in lstms(model) if is_plain(layer)]
    for layer in changed:
        layer.inner_loop = _inner_loop(layer)
    try:
        yield
    finally:
        for layer in changed:
            del layer.inner_loop  # that of its class again


def lstms(layer: keras.Layer) -> Iterator[keras.layers.LSTM]:
    """All LSTM layers of a model, of its parts, and of both directions."""
    if isinstance(layer, keras.layers.LSTM):
        yield layer
    elif isinstance(layer, keras.layers.Bidirectional):
        yield from lstms(layer.forward_layer)
        yield from lstms(layer.backward_layer)
    else:
        for part in getattr(layer, "layers", ()):
            yield from lstms(part)


def is_plain(layer: keras.layers.LSTM) -> bool:
    """Whether a layer computes what the operation does, and keeps nothing between clips."""
    activations = (layer.activation, layer.recurrent_activation)
    expected = (keras.activations.tanh, keras.activations.sigmoid)
    return activations == expected and layer.use_bias and not (layer.stateful or layer.return_state)


def _inner_loop(layer: keras.layers.LSTM) -> Callable[..., tuple[Tensor, Tensor, list[Tensor]]]:
    """What stands for ``LSTM.inner_loop``: last output, all outputs, states."""
    weights = [layer.cell.kernel, layer.cell.recurrent_kernel]
    kernel = np.concatenate([keras.ops.convert_to_numpy(weight) for weight in weights])
    bias = keras.ops.convert_to_numpy(layer.cell.bias)

    def inner_loop(
        sequences: Tensor, initial_state: Tensor, mask: Tensor = None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        if layer.go_backwards:
            sequences = tf.reverse(sequences, [1])
            mask = None if mask is None else tf.reverse(mask, [1])
        if mask is None:
            outputs = block_lstm(sequences, kernel, bias)
        else:
            outputs = held(block_lstm(heard_first(sequences, mask), kernel, bias), mask)
            if layer.zero_output_for_mask:
                outputs = tf.where(mask[..., None], outputs, 0.0)
        return outputs[:, -1], outputs, initial_state

    return inner_loop


def block_lstm(sequences: Tensor, kernel: np.ndarray, bias: np.ndarray) -> Tensor:
    """Outputs ``(batch, n_frames, units)`` of an LSTM over ``(batch, n_frames, n_features)``.

    Args:
        sequences: What it reads.
        kernel: Weights of the input, and below them of its own output, ``(n_features + units, 4 *
            units)``: in, forget, cell, out, as in Keras.
        bias: ``(4 * units,)``.
    """
    units = len(bias) // 4
    state = tf.zeros((tf.shape(sequences)[0], units))
    none = tf.zeros(units)
    *_, outputs = tf.raw_ops.BlockLSTMV2(
        seq_len_max=tf.shape(sequences, tf.int64)[1],
        x=tf.transpose(sequences, (1, 0, 2)),
        cs_prev=state,
        h_prev=state,
        w=tf.constant(kernel),
        wci=none,
        wcf=none,
        wco=none,
        b=tf.constant(bias),
    )
    return tf.transpose(outputs, (1, 0, 2))


def heard_first(sequences: Tensor, mask: Tensor) -> Tensor:
    """Each sequence with the frames of its mask first, in their order, and the others behind.

    So the LSTM reads on past the end of what it shall hear; nothing it says there is used.
    """
    n_frames = tf.shape(mask)[1]
    frames = tf.range(n_frames)[None]
    order = tf.argsort(tf.where(mask, frames, frames + n_frames))
    return tf.gather(sequences, order, batch_dims=1)


def held(outputs: Tensor, mask: Tensor) -> Tensor:
    """What the LSTM said of the frames heard first, where they stood.

    A masked frame has the output of the last one before it that is not, and zeros if there is none.
    """
    last = tf.cumsum(tf.cast(mask, tf.int32), axis=1) - 1
    found = tf.gather(outputs, tf.maximum(last, 0), batch_dims=1)
    return tf.where(last[..., None] >= 0, found, 0.0)


def as_onnx(ctx: Any, node: Any, name: str, args: Any) -> None:
    """Put the ``LSTM`` of ONNX in place of a ``BlockLSTMV2``, in a graph of tf2onnx."""
    kernel, bias = (node.inputs[i].get_tensor_value(as_list=False) for i in (4, 8))
    units, heard, outputs = len(bias) // 4, node.input[1], node.output[-1]
    weights = {
        "W": in_onnx_order(kernel[:-units].T),
        "R": in_onnx_order(kernel[-units:].T),
        "B": np.concatenate([in_onnx_order(bias), np.zeros_like(bias)]),  # it has two, and adds
    }
    constants = [ctx.make_const(f"{name}_{key}", values[None]) for key, values in weights.items()]
    shape, dtype = ctx.get_shape(outputs), ctx.get_dtype(outputs)
    ctx.remove_node(node.name)
    lstm = ctx.make_node(
        "LSTM",
        [heard, *(constant.output[0] for constant in constants)],
        attr={"hidden_size": units, "direction": "forward"},
        name=name,
        dtypes=[dtype],
    )
    axis = ctx.make_const(f"{name}_direction", np.array([1]))  # forward is the only one
    ctx.make_node(
        "Squeeze",
        [lstm.output[0], axis.output[0]],
        outputs=[outputs],
        shapes=[shape],
        dtypes=[dtype],
    )


def in_onnx_order(gates: np.ndarray) -> np.ndarray:
    """Rows for in, forget, cell and out as rows for in, out, forget and cell."""
    gate_in, forget, cell, out = np.split(gates, 4)
    return np.concatenate([gate_in, out, forget, cell])


HANDLERS: dict[str, tuple[Callable[..., None], list[Any]]] = {OPERATION: (as_onnx, [])}
