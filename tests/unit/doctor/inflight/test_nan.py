"""Where NaN began: in the inputs, the labels, a layer, or a step that was too large."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from speechsent.doctor import DoctorCallback
from speechsent.doctor.inflight.nan import all_finite

SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture
def finding():
    """Train for an epoch, and return the one error."""

    def fit(model, x, y, *, loss=SPARSE, rate=0.01, **more):
        model.compile(keras.optimizers.SGD(rate), loss)
        doctor = DoctorCallback(x, y, tell=lambda _: None, **more)
        model.fit(x, y, batch_size=20, epochs=2, shuffle=False, verbose=0, callbacks=[doctor])
        (found,) = [f for f in doctor.findings if f.name == "training-not-finite"]
        return found

    return fit


def test_a_sample_behind_a_relu_is_named_although_the_loss_stays_a_number(
    finding, mlp, features, numbers
):
    features[45, 2] = np.nan
    found = finding(mlp, features, numbers)
    assert found.at.startswith("input ")
    assert found.seen == "holds NaN or infinity for samples 45"
    assert found.when == "step 3, epoch 1"  # the epoch's last: three batches of 20


def test_a_target_that_is_no_number_is_named(finding, network, features):
    targets = features[:, 0].copy()
    targets[7] = np.inf
    found = finding(network((5,), layers.Dense(1)), features, targets, loss="mse")
    assert (found.at, found.seen) == ("targets", "holds NaN or infinity for samples 7")


class Logarithm(layers.Layer):
    """A logarithm somebody forgot to keep off 0."""

    def call(self, x):
        return ops.log(x)


def test_the_layer_that_gave_the_first_is_named(finding, features, numbers):
    """Of features made positive, one is 0 in sample 30: its logarithm is infinite."""
    positive = np.abs(features) + 0.1
    positive[30, 1] = 0
    inputs = keras.Input((5,))
    logarithms = Logarithm(name="logarithm")(inputs)
    model = keras.Model(inputs, layers.Dense(3, "softmax")(logarithms))
    found = finding(model, positive, numbers)
    assert (found.at, found.seen) == ("'logarithm'", "gives NaN or infinity for samples 30")


def test_a_step_that_was_too_large_is_told_by_its_weights(finding, network, features):
    """The squared error of a linear layer at a rate of 1e30 overflows within two steps."""
    model = network((5,), layers.Dense(1, name="linear"))
    found = finding(model, features, features[:, :1], loss="mse", rate=1e30)
    assert "linear" in found.at
    assert "2 of 2 variables hold NaN or infinity" in found.seen


def test_the_batch_that_brought_it_is_looked_up_by_name(finding, network, features, numbers):
    model = network((5,), layers.Dense(3, "softmax"))
    features[45, 2] = np.nan

    class Batches:
        def __getitem__(self, step):
            chosen = slice(20 * step, 20 * step + 20)
            return features[chosen], numbers[chosen]

    def names(step):
        return [f"clip{20 * step + row}" for row in range(20)]

    found = finding(model, features, numbers, batches=Batches(), sample_names=names)
    assert found.seen == "holds NaN or infinity for samples clip45"


def test_numbers_of_16_bits_are_searched_too():
    """bfloat16 is a type of TensorFlow's that NumPy takes for no float."""
    values = keras.ops.convert_to_numpy(ops.cast([[1.0], [np.nan]], "bfloat16"))
    assert not all_finite(values)
    assert all_finite(values[:1])
