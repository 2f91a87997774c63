import keras
import numpy as np
import pytest
from keras import layers

from speechsent.branches import batchnorm
from speechsent.errors import ParameterError


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


@pytest.mark.parametrize("noise", [layers.Dropout, layers.GaussianDropout, layers.GaussianNoise])
def test_statistics_are_measured_without_dropout_or_noise(rng, noise):
    """They are those of the inputs, which the first layer would change while training."""
    model = keras.Sequential([keras.Input((6,)), noise(0.6), layers.BatchNormalization(name="bn")])
    values = rng.standard_normal((64, 6)).astype("float32") + 2
    batchnorm.reestimate(model, [values])
    mean, variance = statistics(model.get_layer("bn"))
    np.testing.assert_allclose(mean, values.astype(float).mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(variance, values.astype(float).var(axis=0), rtol=1e-4)
    assert "call" not in vars(model.layers[0])


def test_batches_are_given_as_the_model_takes_them(rng):
    inputs = [keras.Input((3,)), keras.Input((3,))]
    joined = layers.BatchNormalization(name="bn")(layers.Concatenate()(inputs))
    model = keras.Model(inputs, joined)
    pair = [rng.random((8, 3)), rng.random((8, 3))]
    batchnorm.reestimate(model, [pair])
    mean, _ = statistics(model.get_layer("bn"))
    np.testing.assert_allclose(mean, np.concatenate(pair, axis=1).mean(axis=0), rtol=1e-4)


def test_without_a_batch_statistics_stay(one_batchnorm):
    before = statistics(one_batchnorm.get_layer("bn"))
    with pytest.raises(ParameterError, match=r"one batch of inputs at least\. Received: none"):
        batchnorm.reestimate(one_batchnorm, [])
    np.testing.assert_array_equal(statistics(one_batchnorm.get_layer("bn")), before)
    assert one_batchnorm.get_layer("bn").momentum == 0.7


def test_statistics_of_a_layer_that_is_called_for_each_frame(rng):
    """Those of all frames, not of the last."""
    inner = keras.Sequential([keras.Input((3,)), layers.BatchNormalization(name="bn")])
    model = keras.Sequential([keras.Input((4, 3)), layers.TimeDistributed(inner)])
    values = rng.standard_normal((16, 4, 3)).astype("float32") * np.arange(1, 5)[:, None]
    batchnorm.reestimate(model, [values])
    mean, variance = statistics(inner.get_layer("bn"))
    rows = values.reshape(-1, 3).astype(float)
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(variance, rows.var(axis=0), rtol=1e-4)
