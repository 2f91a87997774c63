import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from speechsent.doctor.graph import graph_of
from speechsent.doctor.heads import heads_of
from speechsent.doctor.probe import probed_rows, run_backwards, run_forwards


def test_few_rows_are_all_probed_and_many_evenly():
    assert probed_rows(5).tolist() == [0, 1, 2, 3, 4]
    many = probed_rows(1000)
    assert (len(many), many[0], many[-1]) == (64, 0, 999)
    assert set(np.diff(many)) <= {15, 16}


def test_inputs_of_layers_are_what_the_layers_before_give(network, features):
    model = network((5,), layers.Rescaling(2.0), layers.Dense(3), layers.Dense(2))
    probe = run_forwards(model, features)
    first, second = model.layers[-2:]
    np.testing.assert_allclose(probe.layer_inputs[id(first)], 2 * features, rtol=1e-6)
    np.testing.assert_allclose(probe.layer_inputs[id(second)], first(2 * features), rtol=1e-5)
    np.testing.assert_allclose(probe.outputs[0], model.predict(features, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("column", [False, True])
def test_loss_and_gradient_of_a_line_by_hand(column):
    """w = 2, b = 0: mean of (2x - 1)**2 over x = 1, 3 is 13; d/dw is the mean of 2 (2x - 1) x."""
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, name="line")])
    model.layers[0].set_weights([np.array([[2.0]]), np.array([0.0])])
    y = np.ones((2, 1) if column else 2)
    heads = heads_of(graph_of(model), "mse", y, None)
    step = run_backwards(model, np.array([[1.0], [3.0]]), heads, np.array([0, 1]))
    assert step.losses == pytest.approx([13.0])
    assert list(step.gradients.values()) == [pytest.approx([16.0, 6.0])]


def test_the_loss_is_that_of_keras(mlp, features, one_hot):
    mlp.layers[1].rate = 0.0
    mlp.compile("sgd", "categorical_crossentropy")
    heads = heads_of(graph_of(mlp), "categorical_crossentropy", one_hot, None)
    step = run_backwards(mlp, features, heads, np.arange(60))
    assert step.losses == pytest.approx([mlp.evaluate(features, one_hot, verbose=0)], rel=1e-5)


def squared(truth, answers):
    """A loss as users write them, which casts nothing."""
    return tf.reduce_mean(tf.square(truth - answers))


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool"])
def test_a_loss_of_the_users_own_is_told_as_keras_tells_it(network, features, dtype):
    model = network((5,), layers.Dense(1), loss=squared)
    targets = (features[:, 0] > 0).astype(dtype)
    step = run_backwards(
        model, features, heads_of(graph_of(model), squared, targets, None), np.arange(60)
    )
    assert step.losses == pytest.approx([model.evaluate(features, targets, verbose=0)], rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_outputs_of_16_bits_beside_others(features, policy):
    inputs = keras.Input((5,))
    outputs = [layers.Dense(1, dtype="float32")(inputs), layers.Dense(1, dtype=policy)(inputs)]
    model = keras.Model(inputs, outputs)
    model.compile("sgd", ["mse", "mse"])
    targets = [features[:, :1], features[:, 1:2]]
    step = run_backwards(
        model, features, heads_of(graph_of(model), model.loss, targets, None), np.arange(60)
    )
    total = model.evaluate(features, targets, verbose=0, return_dict=True)["loss"]
    assert sum(step.losses) == pytest.approx(total, rel=1e-2)


def test_batchnorm_that_is_called_for_each_frame_is_noted_with_all(network, rng):
    inner = keras.Sequential([keras.Input((5,)), layers.BatchNormalization(name="bn")])
    model = network((6, 5), layers.TimeDistributed(inner), layers.Flatten(), layers.Dense(2))
    x = rng.normal(size=(8, 6, 5)).astype("float32")
    noted = run_forwards(model, x).layer_inputs[id(inner.get_layer("bn"))]
    np.testing.assert_array_equal(noted, x.transpose(1, 0, 2).reshape(-1, 5))
