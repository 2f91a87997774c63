"""Models that take so many samples at a time and no other number."""

import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor import DoctorCallback, examine, overfit
from speechsent.doctor.graph import fixed_batch
from speechsent.doctor.probe import probed_rows

SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture
def stateful():
    """A recurrent network that remembers each of 16 sequences from batch to batch."""
    keras.utils.set_random_seed(0)
    start = keras.Input(batch_shape=(16, 4, 5))
    stack = [layers.LSTM(8, stateful=True), layers.Dense(2, "softmax")]
    model = keras.Sequential([start, *stack])
    model.compile(keras.optimizers.SGD(0.01), SPARSE)
    return model


@pytest.fixture
def sequences(rng):
    x = rng.normal(size=(48, 4, 5)).astype("float32")
    return x, (x[:, -1, 0] > 0).astype(int)


def test_the_number_is_that_of_the_input(stateful, mlp):
    assert (fixed_batch(stateful), fixed_batch(mlp)) == (16, None)


def test_so_many_rows_are_probed_and_some_come_again():
    assert probed_rows(9, 5).tolist() == [0, 2, 4, 6, 8]
    assert probed_rows(2, 4).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("n", [48, 10])
def test_a_stateful_model_is_examined(stateful, sequences, n):
    x, y = (values[:n] for values in sequences)
    diagnosis = examine(stateful, x, y)
    assert diagnosis.scope[-1] == "one batch"
    assert diagnosis.errors == ()


def test_a_stateful_model_learns_by_heart(stateful, sequences):
    assert overfit(stateful, *sequences).errors == ()


def test_a_stateful_model_is_watched(stateful, sequences):
    doctor = DoctorCallback(*sequences)
    more = {"batch_size": 16, "shuffle": False, "verbose": 0, "callbacks": [doctor]}
    stateful.fit(*sequences, epochs=4, **more)
    assert not doctor._progress.failed
    assert doctor._progress.last_look > 0


def test_the_sample_that_brought_nan_is_found_behind_the_first_batch(rng):
    """The logarithm of sample 40 of 48 is that of 0; 16 go through at a time."""

    class Logarithm(layers.Layer):
        def call(self, x):
            return keras.ops.log(x)

    x = rng.random((48, 5)).astype("float32") + 0.1
    x[40, 2] = 0
    start = keras.Input(batch_shape=(16, 5))
    model = keras.Sequential([start, Logarithm(name="logarithm"), layers.Dense(2, "softmax")])
    model.compile("sgd", SPARSE)
    doctor = DoctorCallback(x, np.arange(48) % 2, tell=lambda _: None)
    model.fit(x, np.arange(48) % 2, batch_size=16, shuffle=False, verbose=0, callbacks=[doctor])
    (found,) = doctor.findings
    assert (found.at, found.seen) == ("'logarithm'", "gives NaN or infinity for samples 40")
