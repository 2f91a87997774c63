"""Sound networks learn twelve samples by heart, broken ones do not, and none is changed."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from speechsent.doctor import overfit
from speechsent.doctor.graph import graph_of
from speechsent.doctor.heads import heads_of
from speechsent.doctor.overfitting import few_samples
from speechsent.errors import ParameterError

SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture
def classifier(network):
    """Five features into three classes, behind one hidden layer."""
    return lambda **how: network((5,), layers.Dense(16, "relu", **how), layers.Dense(3, "softmax"))


def weights(model):
    return [values.copy() for values in model.get_weights()]


def test_dropout_does_not_keep_a_sound_network_from_it(network, features, numbers):
    model = network((5,), layers.Dense(32, "relu"), layers.Dropout(0.9), layers.Dense(3, "softmax"))
    diagnosis = overfit(model, features, numbers, loss=SPARSE)
    assert diagnosis.findings == ()
    assert diagnosis.scope[0].startswith("12 samples learnt by heart in ")


def test_batchnorm_is_judged_in_inference_mode_and_passes(network, rng, numbers):
    images = rng.normal(3, 2, size=(60, 8, 8, 1)).astype("float32")
    model = network(
        (8, 8, 1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
    )
    assert overfit(model, images, numbers, loss=SPARSE).findings == ()


def test_an_lstm_with_dropout_inside_passes(network, rng, numbers):
    sequences = rng.normal(size=(60, 8, 4)).astype("float32")
    model = network((8, 4), layers.LSTM(12, dropout=0.5), layers.Dense(3, "softmax"))
    assert overfit(model, sequences, numbers, loss=SPARSE).findings == ()


def test_numbers_are_judged_by_the_variance_explained(network, features):
    model = network((5,), layers.Dense(16, "relu"), layers.Dense(1))
    assert overfit(model, features, 3 * features[:, 0], loss="mse").findings == ()
    stuck = network((5,), layers.Dense(1, "sigmoid"))
    (finding,) = overfit(stuck, features, 100 + features[:, 0], loss="mse").findings
    assert finding.seen.startswith("variance explained -")


def test_a_softmax_of_one_fails_although_its_loss_falls(network, features, numbers):
    model = network((5,), layers.Dense(16, "relu"), layers.Dense(1, "softmax"))
    (finding,) = overfit(model, features, numbers % 2, loss="binary_crossentropy").findings
    assert finding.name == "cannot-overfit"
    assert finding.severity == "error"
    assert finding.seen.startswith("accuracy 0.50 on 12 samples")
    assert float(finding.seen.rpartition(" ")[2]) < 0.1


def test_weights_of_zero_and_inputs_all_alike_fail(classifier, features, numbers):
    zeros = classifier(kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(-1))
    for model, x in ((zeros, features), (classifier(), np.ones_like(features))):
        (finding,) = overfit(model, x, numbers, loss=SPARSE, steps=30).findings
        assert finding.name == "cannot-overfit"


@pytest.mark.parametrize("rate", [1e-8, 10.0])
def test_an_optimiser_can_be_judged_along(classifier, features, numbers, rate):
    optimizer = keras.optimizers.Adam(rate)
    assert overfit(
        classifier(), features, numbers, loss=SPARSE, optimizer=optimizer, steps=50
    ).errors


def test_the_model_handed_in_stays_as_it_is(features, numbers):
    """Branches within the model, and layers frozen by hand, included."""
    keras.utils.set_random_seed(0)
    inner = keras.Sequential([keras.Input((5,)), layers.Dense(16, "relu"), layers.Dropout(0.5)])
    x = keras.Input((5,))
    model = keras.Model(x, layers.Dense(3, "softmax")(inner(x)))
    inner.layers[0].trainable = False
    model.compile("sgd", SPARSE)
    before, optimizer = weights(model), model.optimizer
    overfit(model, features, numbers, steps=20)
    assert all(np.array_equal(a, b) for a, b in zip(before, weights(model), strict=True))
    assert model.optimizer is optimizer
    assert inner.layers[1].rate == 0.5
    assert len(model.trainable_variables) == 2


def test_what_is_frozen_stays_frozen_in_the_copy(network, features, numbers):
    """A network of which nothing trains cannot learn."""
    model = network((5,), layers.Dense(3, "softmax"))
    model.trainable = False
    assert overfit(model, features, numbers, loss=SPARSE, steps=10).errors


def test_twelve_samples_are_of_all_classes(network, features):
    """Sorted labels: two of class 2 in the very end."""
    numbers = np.repeat([0, 1, 2], [40, 18, 2])
    model = network((5,), layers.Dense(3, "softmax"))
    chosen = few_samples(heads_of(graph_of(model), SPARSE, numbers, None), 60)
    assert np.bincount(numbers[chosen]).tolist() == [5, 5, 2]


def test_a_loss_is_needed_and_a_graph(classifier, features, numbers):
    with pytest.raises(ParameterError, match="needs a loss"):
        overfit(classifier(), features, numbers)

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3, "softmax")

        def call(self, x):
            return self.dense(x)

    own = Own()
    own(features)
    with pytest.raises(ParameterError, match="cannot be copied"):
        overfit(own, features, numbers, loss=SPARSE)


def focal(y, p):
    right = ops.where(ops.equal(y, 1), p, 1 - p)
    return -ops.mean((1 - right) ** 2 * ops.log(right + 1e-7))


def share(y, p):
    return ops.mean(p)


def test_losses_and_metrics_of_ones_own_need_not_be_known_to_keras(network, features, numbers):
    model = network((5,), layers.Dense(16, "relu"), layers.Dense(1, "sigmoid"))
    y = (numbers > 0).astype("float32")
    model.compile("sgd", focal, metrics=[share])
    assert overfit(model, features, y).findings == ()
    inputs = keras.Input((5,))
    assert overfit(keras.Model(inputs, model(inputs)), features, y, loss=focal).findings == ()


@pytest.mark.parametrize(
    ("activation", "loss", "targets"),
    [
        ("tanh", "hinge", lambda numbers: 2 * (numbers > 0) - 1),
        (None, "squared_hinge", lambda numbers: numbers > 0),
        ("softplus", "poisson", lambda numbers: numbers),
        (None, lambda y, p: ops.square(y - p), lambda numbers: numbers),
    ],
)
def test_one_unit_is_not_judged_by_its_largest_value(
    network, features, numbers, activation, loss, targets
):
    y = targets(numbers).astype("float32")
    model = network((5,), layers.Dense(32, "relu"), layers.Dense(1, activation))
    assert overfit(model, features, y, loss=loss).findings == ()
    dead = network((5,), layers.Dense(1, activation, trainable=False, kernel_initializer="zeros"))
    assert overfit(dead, features, y, loss=loss, steps=10).errors


def test_directions_may_have_any_length(network, features):
    """The cosine says nothing of it."""
    model = network((5,), layers.Dense(32, "relu"), layers.Dense(3))
    assert overfit(model, features, 40 * features[:, :3], loss="cosine_similarity").findings == ()


def test_the_optimizer_of_the_model_can_be_judged_and_used_again(classifier, features, numbers):
    model = classifier()
    model.compile(keras.optimizers.Adam(1e-2), SPARSE)
    assert overfit(model, features, numbers, optimizer=model.optimizer).findings == ()
    assert model.optimizer.iterations == 0
    model.fit(features, numbers, verbose=0)


def test_a_vocabulary_and_a_function_are_kept(network, numbers):
    words = layers.IntegerLookup(vocabulary=np.arange(1000, 1060))
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="int64"),
            words,
            layers.Lambda(lambda ids: ids * 1),
            layers.Embedding(61, 8),
            layers.Flatten(),
            layers.Dense(3, tf.nn.softmax),
        ]
    )
    config = model.layers[-1].kernel.numpy()
    assert overfit(model, np.arange(1000, 1060)[:, None], numbers, loss=SPARSE).findings == ()
    np.testing.assert_array_equal(model.layers[-1].kernel, config)


def test_attention_with_dropout_and_a_plain_sum(features, numbers):
    inputs = keras.Input((5,))
    x = layers.Reshape((5, 1))(inputs)
    x = layers.MultiHeadAttention(2, 4, dropout=0.9)(x, x) + x
    x = layers.Dense(32, "relu")(layers.Flatten()(x))
    model = keras.Model(inputs, layers.Dense(3, "softmax")(x))
    assert overfit(model, features, numbers, loss=SPARSE).findings == ()


def test_a_rate_is_not_always_one_of_dropout(network, features, numbers):
    class Every(layers.Layer):
        def __init__(self, rate=16000, **kwargs):
            super().__init__(**kwargs)
            self.rate = rate
            self.dropout = layers.Dropout(0.9)
            self.scale = layers.Dense(5)

        def build(self, shape):
            self.scale.build(shape)

        def call(self, inputs):
            return self.dropout(self.scale(inputs[:, :: 16000 // int(self.rate)]))

        def get_config(self):
            return {**super().get_config(), "rate": self.rate}

    model = network((5,), Every(), layers.Dense(16, "relu"), layers.Dense(3, "softmax"))
    assert overfit(model, features, numbers, loss=SPARSE).findings == ()
    assert model.layers[0].dropout.rate == 0.9


def test_a_normalization_keeps_its_statistics(network, features, numbers):
    scaling = layers.Normalization()
    scaling.adapt(1e4 + 1e4 * features)
    model = network((5,), scaling, layers.Dense(16, "relu"), layers.Dense(3, "softmax"))
    x = (1e4 + 1e4 * features).astype("float32")
    assert overfit(model, x, numbers, loss=SPARSE).findings == ()


def test_a_class_a_frame(network, rng):
    model = network((4, 5), layers.LSTM(32, return_sequences=True), layers.Dense(3, "softmax"))
    x, y = rng.normal(size=(20, 4, 5)).astype("float32"), rng.integers(0, 3, (20, 4))
    assert overfit(model, x, y, loss=SPARSE).findings == ()
    (finding,) = overfit(model, x, y, loss=SPARSE, steps=1).findings
    assert finding.seen.startswith("accuracy 0.")


def test_labels_that_cannot_be_used_are_told_first(classifier, features, numbers):
    words = np.array(["anger", "fear", "joy"])[numbers]
    (finding,) = overfit(classifier(), features, words, loss=SPARSE).findings
    assert finding.name == "labels-not-numbers"


def test_labels_of_another_shape_than_the_answers_cannot_be_judged(network, features):
    model = network((5,), layers.Dense(4))
    with pytest.raises(ParameterError, match="labels of another shape"):
        overfit(model, features, features[:, :2], loss=lambda y, p: p[:, 0] - y[:, 0])


def test_what_the_loss_leaves_out_need_not_be_learnt(network, features, numbers):
    """Neither clips of a class to be ignored, nor numbers that are missing."""
    numbers = np.where(np.arange(60) % 4, numbers, -1)
    model = network((5,), layers.Dense(16, "relu"), layers.Dense(3, "softmax"))
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    assert overfit(model, features, numbers, loss=loss).errors == ()

    def known_only(y_true, y_pred):
        known = keras.ops.isfinite(y_true)
        error = keras.ops.where(known, keras.ops.where(known, y_true, 0.0) - y_pred, 0.0)
        return keras.ops.mean(error**2, axis=-1)

    targets = features[:, :2].copy()
    targets[::5, 0] = np.nan
    model = network((5,), layers.Dense(16, "relu"), layers.Dense(2))
    assert overfit(model, features, targets, loss=known_only).errors == ()


def test_a_hinge_gets_the_time_it_takes(network, rng):
    """It learns nothing from what is right by a margin: 160 steps, where cross-entropy takes 60."""
    x, y = rng.normal(size=(96, 10)).astype("float32"), rng.integers(0, 6, 96)
    model = network((10,), layers.Dense(8, "relu"), layers.Dense(6), loss="categorical_hinge")
    assert overfit(model, x, np.eye(6)[y]).errors == ()
