"""BatchNorm in pretrained networks: pinned, re-estimated, or trained, and never by accident.

Keras 3.15 ignores ``training=False`` given while a functional model is built, and a normal
``base.trainable = True`` sets every inner BatchNorm training again. So each layer is set by
itself, after everything else, and callers can verify the result.

References:
    Li et al. (2018). Adaptive Batch Normalization. https://arxiv.org/abs/1603.04779
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from speechsent.doctor.calls import calling, unchanged
from speechsent.doctor.graph import NOISES, batchnorm_layers
from speechsent.doctor.graph import leaves as inmost_leaves
from speechsent.errors import ParameterError

Statistics = list[tuple[np.ndarray, np.ndarray]]
Inputs = np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray]
__all__ = ["Inputs", "batchnorm_layers", "leaves", "pin", "reestimate"]


def leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """All layers of a model that are not models themselves; what is inside them stays with them."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        else:
            yield layer


def pin(model: keras.Model) -> None:
    """Make every BatchNorm use and keep its stored statistics, whatever mode the model is in."""
    for layer in batchnorm_layers(model):
        layer.trainable = False


def reestimate(model: keras.Model, batches: Iterable[Inputs]) -> None:
    """Replace BatchNorm statistics by those of ``batches``; no gradient, no labels.

    Each batch is run in training mode with momentum 0, so that the statistics become those of
    the batch; their mean over the batches is kept. Within-batch variances are averaged and the
    variance between the batches' means is added. Dropout and noise are off, as they are when the
    statistics are used.

    Args:
        model: Network whose statistics do not fit the data; everything else stays as it is.
        batches: Inputs of the model, as it takes them, from training clips only.

    Raises:
        ParameterError: If there is no batch.
    """
    layers = batchnorm_layers(model)
    before = [(layer.momentum, layer.trainable) for layer in layers]
    found: list[Statistics] = [[] for _ in layers]
    for layer in layers:
        layer.momentum, layer.trainable = 0.0, True
    forward = _training_pass(model, layers)
    n_batches = 0
    try:
        for batch in batches:
            told = forward(keras.tree.map_structure(keras.ops.convert_to_tensor, batch))
            for statistics, of_calls in zip(found, told, strict=True):
                statistics += [(mean.numpy(), variance.numpy()) for mean, variance in of_calls]
            n_batches += 1
    finally:
        for layer, (momentum, trainable) in zip(layers, before, strict=True):
            layer.momentum, layer.trainable = momentum, trainable
    if not n_batches:
        raise ParameterError("statistics need one batch of inputs at least. Received: none")
    for layer, statistics in zip(layers, found, strict=True):
        if statistics:
            means, variances = zip(*statistics, strict=True)
            layer.moving_mean.assign(np.mean(means, axis=0))
            layer.moving_variance.assign(np.mean(variances, axis=0) + np.var(means, axis=0))


def _training_pass(
    model: keras.Model, layers: Sequence[keras.layers.BatchNormalization]
) -> Callable[[Any], Any]:
    """A training-mode forward pass as one graph; run eagerly it is forty times slower.

    It tells the mean and variance of each call of each layer: a layer within TimeDistributed is
    called for each frame.
    """
    import tensorflow as tf

    noises = [layer for layer in inmost_leaves(model) if isinstance(layer, NOISES)]

    def run(batch: Any) -> list[list[Any]]:
        told: dict[int, list[Any]] = {id(layer): [] for layer in layers}
        with calling(noises, lambda _: unchanged), calling(layers, lambda la: _noting(la, told)):
            model(batch, training=True)
        return list(told.values())

    graph: Callable[[Any], Any] = tf.function(run)
    return graph


def _noting(layer: keras.layers.BatchNormalization, told: dict[int, list[Any]]) -> Any:
    """Note the statistics after each call, which with momentum 0 are those of its inputs."""
    call = layer.call

    def noting(*args: Any, **kwargs: Any) -> Any:
        values = call(*args, **kwargs)
        statistics = layer.moving_mean, layer.moving_variance
        told[id(layer)].append([keras.ops.copy(v) for v in statistics])  # before the next call
        return values

    return noting
