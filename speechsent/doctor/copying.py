"""Copies of models to try things on: the same weights, nothing random, not compiled."""

from collections.abc import Iterator
from contextlib import suppress
from types import FunctionType
from typing import Any

import keras
from keras import layers

from speechsent.doctor.graph import NOISES, PREPROCESSING, graph_of, leaves
from speechsent.errors import ParameterError

# Set after a layer is made, because in a configuration nobody knows what layers of one's own mean.
RANDOM = ("rate", "stddev", "dropout", "_dropout", "recurrent_dropout", "momentum")


def calm_copy(model: keras.Model) -> keras.Model:
    """A copy with the same weights, without dropout, and with the statistics of the last batch.

    Layers without weights and seeds, such as a vocabulary or a function, are shared with the model.

    Args:
        model: Built model.

    Raises:
        ParameterError: If it has no graph, or a layer in it cannot be made again.
    """
    if graph_of(model) is None:
        raise _refusal(model, "it is subclassed; build it with keras.Input and keras.Model")
    try:
        copy = _cloned(model)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise _refusal(model, f"{error}; layers of your own need get_config") from error
    for layer, original in zip(_working(copy), _working(model), strict=True):
        layer.trainable = original.trainable
    copy.set_weights(_plain(model).get_weights())
    for layer in _random(copy):
        for name in RANDOM:
            if isinstance(getattr(layer, name, None), (int, float)):
                with suppress(AttributeError):  # a recurrent layer only shows what its cell has
                    setattr(layer, name, 0.0)
    return copy


def fresh_optimizer(optimizer: Any) -> Any:
    """The same optimiser without what it has gathered: it can be built for one model only."""
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    return type(optimizer).from_config(optimizer.get_config())


def _refusal(model: keras.Model, reason: str) -> ParameterError:
    return ParameterError(f"{model.name}: cannot be copied, so it cannot be tried: {reason}")


def _plain(model: keras.Model) -> keras.Model:
    """The same layers, without the loss and metrics, which need not be known to Keras by name."""
    inner = getattr(model, "_functional", None) or model
    return keras.Model(inner.input, inner.output, name=model.name)


def _cloned(model: keras.Model) -> keras.Model:
    return keras.models.clone_model(_plain(model), clone_function=_twin)


def _twin(layer: layers.Layer) -> layers.Layer:
    """A layer like another; functions in it stay as they are, with a name or without."""
    if isinstance(layer, keras.Model) and graph_of(layer) is not None:
        return _cloned(layer)
    if not getattr(layer, "variables", ()) or isinstance(layer, PREPROCESSING):
        return layer
    config = layer.get_config()
    functions = {name: getattr(layer, name, None) for name in config}
    kept = {name: value for name, value in functions.items() if isinstance(value, FunctionType)}
    return type(layer).from_config({**config, **kept})


def _working(model: keras.Model) -> Iterator[layers.Layer]:
    """All layers but those of inputs, which a Sequential does not show."""
    return (layer for layer in leaves(model) if not isinstance(layer, layers.InputLayer))


def _random(model: keras.Model) -> Iterator[layers.Layer]:
    """Layers of Keras, those in other layers included, which alone may be random."""
    for layer in model._flatten_layers(include_self=False):
        known = isinstance(layer, (*NOISES, layers.BatchNormalization))
        if known or type(layer).__module__.startswith("keras."):
            yield layer
