import keras
import numpy as np
import pytest
from keras import layers, ops

from speechsent.doctor import examine

LOSS = "sparse_categorical_crossentropy"


def test_weights_of_zero_answer_the_same_to_all(network, names, features, numbers):
    model = network(
        (5,), layers.Dense(4, "relu", kernel_initializer="zeros"), layers.Dense(3, "softmax")
    )
    assert names(examine(model, features, numbers, loss=LOSS)) == [
        "output-is-constant",
        "no-gradient",
    ]


def test_a_first_loss_out_of_proportion(network, features, numbers):
    """Guessing among three costs ln 3 = 1.0986; five times that is 5.49."""
    model = network((5,), layers.Dense(3, "softmax"))
    model.layers[-1].kernel.assign(np.eye(5)[:, [4, 3, 2]] * 60)
    finding = examine(model, features, numbers, loss=LOSS).findings[0]
    assert finding.name == "first-loss-too-high"
    assert finding.expected == "about ln 3 = 1.1, at most 5.49"
    told = float(finding.seen.split(",")[0])
    mean = float(np.mean(keras.losses.sparse_categorical_crossentropy(numbers, model(features))))
    np.testing.assert_allclose(told, mean, rtol=0.01)


def test_dead_units_pass_no_gradient(network, features, numbers):
    dead = layers.Dense(4, "relu", bias_initializer=keras.initializers.Constant(-100), name="dead")
    model = network((5,), dead, layers.Dense(3, "softmax"))
    diagnosis = examine(model, features, numbers, loss=LOSS)
    (finding,) = (f for f in diagnosis.errors if f.name == "no-gradient")
    assert finding.seen == "gradient exactly 0 in 1 of 2 layers"
    assert "dead" in finding.at


def test_a_branch_that_reaches_no_loss_is_named(features, numbers):
    inputs = keras.Input((5,))
    cut = ops.stop_gradient(layers.Dense(4, name="cut")(inputs))
    model = keras.Model(inputs, layers.Dense(3, "softmax")(cut))
    (finding,) = examine(model, features, numbers, loss=LOSS).findings
    assert (finding.name, finding.at) == ("no-gradient", "cut")
    assert finding.seen.endswith("1 of them unconnected to the loss")


def test_outputs_that_are_no_numbers(network, names, features, numbers):
    model = network((5,), layers.Dense(3, "softmax"))
    model.layers[-1].bias.assign([np.nan, 0, 0])
    assert names(examine(model, features, numbers, loss=LOSS)) == [
        "output-not-finite",
        "loss-not-finite",
        "gradient-not-finite",
    ]


def test_a_gradient_that_is_no_number(names, features):
    """The square root of 0 has one derivative too many."""
    inputs = keras.Input((5,))
    x = layers.Dense(2, kernel_initializer="zeros", use_bias=False, name="flat")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(ops.sqrt(x)))
    found = names(examine(model, features, features[:, 0], loss="mse"))
    assert "gradient-not-finite" in found


def test_a_healthy_regression_is_clean(network, names, features):
    model = network((5,), layers.Dense(4, "relu"), layers.Dense(2), loss="mse")
    assert names(examine(model, features, features[:, :2]), notes=True) == []


def test_a_deep_network_whose_batchnorm_is_fresh_is_not_taken_for_constant(names, rng):
    """In inference such a network fades to a constant until its statistics are measured."""
    model = keras.applications.MobileNetV2(input_shape=(32, 32, 3), weights=None, classes=3)
    images, numbers = rng.uniform(-1, 1, (16, 32, 32, 3)), np.arange(16) % 3
    assert model(images, training=False).numpy().std(axis=0).max() < 1e-6
    assert names(examine(model, images, numbers, loss=LOSS)) == []
    assert names(examine(model, images)) == []


@pytest.mark.slow
def test_a_deep_network_that_starts_at_five_times_the_loss_of_guessing_is_left_in_peace(rng):
    """EfficientNetB0 from random weights: its BatchNorm recovers within some steps."""
    keras.utils.set_random_seed(0)
    model = keras.applications.EfficientNetB0(input_shape=(32, 32, 3), weights=None, classes=6)
    images, numbers = rng.uniform(0, 255, (32, 32, 32, 3)), np.arange(32) % 6
    found = [finding.name for finding in examine(model, images, numbers, loss=LOSS).findings]
    assert "first-loss-too-high" not in found


def test_losses_that_are_added_up_are_judged_by_their_mean(mlp, names, features, numbers):
    for reduction in ("sum", "sum_over_batch_size", None):
        loss = keras.losses.SparseCategoricalCrossentropy(reduction=reduction)
        assert names(examine(mlp, features, numbers, loss=loss)) == []


def test_residual_branches_that_start_closed_get_their_gradient_later(names, features, numbers):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    start = layers.Dense(8, "relu")(inputs)
    inner = layers.Dense(8)(layers.Dense(8, "relu")(start))
    closed = layers.BatchNormalization(gamma_initializer="zeros")(inner)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(layers.Add()([start, closed])))
    assert names(examine(model, features, numbers, loss=LOSS)) == []


def test_a_branch_that_stays_closed_is_told(features, numbers):
    """The gate is frozen at 0."""
    inputs = keras.Input((5,))
    inner = layers.Dense(8, name="inner")(inputs)
    gate = layers.BatchNormalization(gamma_initializer="zeros", trainable=False)
    start = layers.Dense(8, "relu")(inputs)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(layers.Add()([start, gate(inner)])))
    (finding,) = examine(model, features, numbers, loss=LOSS).errors
    assert (finding.name, finding.at) == ("no-gradient", "inner")


def test_a_layer_that_trains_by_a_loss_of_its_own_alone(network, names, features):
    """The code book of a quantised autoencoder."""

    class Quantised(layers.Layer):
        def build(self, shape):
            self.book = self.add_weight(shape=(4, shape[-1]), initializer="uniform", name="book")

        def call(self, z):
            distances = ops.sum((z[:, None] - self.book[None]) ** 2, axis=-1)
            nearest = ops.take(self.book, ops.argmin(distances, axis=1), axis=0)
            self.add_loss(ops.mean((nearest - ops.stop_gradient(z)) ** 2))
            return z + ops.stop_gradient(nearest - z)

    model = network((5,), layers.Dense(4), Quantised(), layers.Dense(5), loss="mse")
    assert names(examine(model, features, features)) == []
