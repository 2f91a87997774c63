"""Small networks and data of two classes, a second's work each."""

import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture
def network():
    """Build a Sequential from layers, compiled if a loss is given."""

    def build(shape, *stack, loss=None):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input(shape), *stack])
        if loss is not None:
            model.compile("sgd", loss)
        return model

    return build


@pytest.fixture
def features(rng):
    """Sixty standardised samples of five features."""
    return rng.normal(size=(60, 5)).astype("float32")


@pytest.fixture
def numbers(features):
    """Class of each sample, 0 to 2, by its largest of three features."""
    return features[:, :3].argmax(axis=1)


@pytest.fixture
def one_hot(numbers):
    """The same as rows."""
    return np.eye(3, dtype="float32")[numbers]


@pytest.fixture
def mlp(network):
    """A healthy classifier of five features into three classes."""
    return network((5,), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(3, "softmax"))


@pytest.fixture
def names():
    """Names of findings, in order, without notes unless asked for."""

    def of(diagnosis, *, notes=False):
        return [f.name for f in diagnosis.findings if notes or f.severity != "note"]

    return of
