"""BatchNorm in pretrained networks: pinned, re-estimated, or trained, and never by accident.

Keras 3.15 ignores ``training=False`` given while a functional model is built, and a normal
``base.trainable = True`` sets every inner BatchNorm training again. So each layer is set by
itself, after everything else, and callers can verify the result.

References:
    Li et al. (2018). Adaptive Batch Normalization. https://arxiv.org/abs/1603.04779
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

Inputs = Mapping[str, np.ndarray]


def batchnorm_layers(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    """All BatchNorm layers of a model, nested models included, in order."""
    return [la for la in leaves(model) if isinstance(la, keras.layers.BatchNormalization)]


def leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """All layers of a model that are not models themselves."""
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
    variance between the batches' means is added.

    Args:
        model: Network whose statistics do not fit the data; everything else stays as it is.
        batches: Inputs of the model, from training clips only.
    """
    layers = batchnorm_layers(model)
    before = [(layer.momentum, layer.trainable) for layer in layers]
    means: list[list[np.ndarray]] = [[] for _ in layers]
    variances: list[list[np.ndarray]] = [[] for _ in layers]
    for layer in layers:
        layer.momentum, layer.trainable = 0.0, True
    forward = _training_pass(model)
    try:
        for batch in batches:
            forward({name: keras.ops.convert_to_tensor(values) for name, values in batch.items()})
            for i, layer in enumerate(layers):
                means[i].append(keras.ops.convert_to_numpy(layer.moving_mean))
                variances[i].append(keras.ops.convert_to_numpy(layer.moving_variance))
    finally:
        for layer, (momentum, trainable) in zip(layers, before, strict=True):
            layer.momentum, layer.trainable = momentum, trainable
    for layer, mean, variance in zip(layers, means, variances, strict=True):
        layer.moving_mean.assign(np.mean(mean, axis=0))
        layer.moving_variance.assign(np.mean(variance, axis=0) + np.var(mean, axis=0))


def _training_pass(model: keras.Model) -> Callable[[Any], Any]:
    """A training-mode forward pass as one graph; run eagerly it is forty times slower."""
    import tensorflow as tf

    graph: Callable[[Any], Any] = tf.function(lambda batch: model(batch, training=True))
    return graph
