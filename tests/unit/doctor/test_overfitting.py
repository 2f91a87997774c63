"""Sound networks learn twelve samples by heart, broken ones do not, and none is changed."""

import keras
import numpy as np
import pytest
from keras import layers

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
