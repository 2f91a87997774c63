import keras
import numpy as np
import pytest
from keras import layers

from speechsent.branches import batchnorm


@pytest.fixture
def one_batchnorm():
    image = keras.Input((6,), name="image")
    x = layers.BatchNormalization(momentum=0.7, name="bn")(image)
    return keras.Model({"image": image}, layers.Dense(2)(x))


@pytest.fixture
def nested():
    """A BatchNorm two models deep, between two others."""
    inner = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(name="inner")])
    middle = keras.Sequential([keras.Input((3,)), layers.Dense(3), inner])
    outer = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(name="first"), middle])
    outer.add(layers.BatchNormalization(name="last"))
    return outer


def statistics(layer):
    return layer.moving_mean.numpy(), layer.moving_variance.numpy()


def test_nested_layers_are_found_in_order(nested):
    names = [layer.name for layer in batchnorm.batchnorm_layers(nested)]
    assert names == ["first", "inner", "last"]
    assert not any(isinstance(leaf, keras.Model) for leaf in batchnorm.leaves(nested))


def test_pinned_layers_ignore_training_mode(nested, rng):
    values = rng.standard_normal((8, 3)) * 5 + 3
    before = nested(values, training=False)
    batchnorm.pin(nested)
    np.testing.assert_array_equal(nested(values, training=True), before)
    np.testing.assert_array_equal(nested(values, training=False), before)


def test_statistics_become_those_of_the_inputs(one_batchnorm, rng):
    """Mean and variance over all rows of all batches, as NumPy has them."""
    batches = rng.standard_normal((5, 16, 6)).astype("float32") * 3 + rng.random(6) * 7
    batchnorm.reestimate(one_batchnorm, ({"image": batch} for batch in batches))
    rows = batches.reshape(-1, 6).astype(float)
    mean, variance = statistics(one_batchnorm.get_layer("bn"))
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(variance, rows.var(axis=0), rtol=1e-4)


@pytest.mark.parametrize("trainable", [False, True])
def test_nothing_but_statistics_is_changed(one_batchnorm, rng, trainable):
    layer = one_batchnorm.get_layer("bn")
    layer.trainable = trainable
    learned = [layer.gamma, layer.beta, *one_batchnorm.layers[-1].weights]
    before = [variable.numpy() for variable in learned]
    batchnorm.reestimate(one_batchnorm, [{"image": rng.random((8, 6))}])
    assert (layer.momentum, layer.trainable) == (0.7, trainable)
    for variable, values in zip(learned, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), values)


def test_pinned_layers_then_keep_the_new_statistics(one_batchnorm, rng):
    batchnorm.pin(one_batchnorm)
    values = rng.random((32, 6)) * 9
    batchnorm.reestimate(one_batchnorm, [{"image": values}])
    layer = one_batchnorm.get_layer("bn")
    kept = statistics(layer)
    standardised = layer(values, training=True).numpy()
    np.testing.assert_allclose(standardised.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(standardised.std(axis=0), 1, atol=1e-2)
    one_batchnorm({"image": values}, training=True)
    np.testing.assert_array_equal(statistics(layer), kept)
