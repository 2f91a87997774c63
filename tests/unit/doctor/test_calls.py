"""Listening to layers: a user's own calls and traces are as they were afterwards."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from speechsent.doctor import DoctorCallback, examine
from speechsent.doctor.calls import calling, unchanged

SPARSE = "sparse_categorical_crossentropy"


@pytest.fixture
def patched(network):
    """A network whose first layer was given a call of its own, which doubles."""
    model = network((5,), layers.Dense(4, "relu"), layers.Dense(3, "softmax"), loss=SPARSE)
    first = model.layers[0]
    usual = first.call
    first.call = lambda inputs, **_: 2 * usual(inputs)
    return model


def test_a_call_of_the_users_own_is_put_back(patched, features, numbers):
    own = patched.layers[0].call
    examine(patched, features, numbers)
    doctor = DoctorCallback(features, numbers)
    patched.fit(features, numbers, epochs=2, batch_size=6, verbose=0, callbacks=[doctor])
    assert patched.layers[0].call is own
    assert "call" not in vars(patched.layers[1])


def test_calls_are_put_back_where_the_pass_fails(patched):
    own = patched.layers[0].call
    with pytest.raises(ZeroDivisionError), calling(patched.layers, lambda _: unchanged):
        raise ZeroDivisionError
    assert patched.layers[0].call is own
    assert "call" not in vars(patched.layers[1])


class Traced(keras.Model):
    """A model whose call is a tf.function, with dropout in it."""

    def __init__(self):
        super().__init__()
        self.hidden, self.drop = layers.Dense(16, "relu"), layers.Dropout(0.5)
        self.last = layers.Dense(3, "softmax")

    @tf.function
    def call(self, inputs, training=False):
        return self.last(self.drop(self.hidden(inputs), training=training))


def test_a_traced_call_is_looked_at_and_keeps_no_trace_of_it(features, numbers):
    """Were dropout traced while it is off, it would stay off: one seed draws as without a look."""
    keras.utils.set_random_seed(0)
    model = Traced()
    model(features)
    model.compile("sgd", SPARSE)
    before = model.call.experimental_get_tracing_count()
    assert examine(model, features, numbers).scope[-1] == "one batch"
    assert model.call.experimental_get_tracing_count() == before
    doctor = DoctorCallback(features, numbers)
    model.fit(features, numbers, epochs=2, batch_size=6, verbose=0, callbacks=[doctor])
    assert not tf.config.functions_run_eagerly()
    answers = [model(features, training=True).numpy() for _ in range(2)]
    assert not np.array_equal(*answers)


class Mapped(layers.Layer):
    """A layer that goes through its frames in a loop, out of everybody's reach."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, "relu")

    def build(self, shape):
        self.dense.build((None, shape[-1]))

    def call(self, inputs):
        frames = keras.ops.transpose(inputs, (1, 0, 2))
        return keras.ops.transpose(keras.ops.map(self.dense, frames), (1, 0, 2))


def test_layers_within_a_loop_are_left_alone(network, rng):
    model = network(
        (6, 5), Mapped(), layers.LSTM(3), layers.Flatten(), layers.Dense(3, "softmax"), loss=SPARSE
    )
    x, y = rng.normal(size=(24, 6, 5)).astype("float32"), np.arange(24) % 3
    assert examine(model, x, y).scope[-1] == "one batch"
    doctor = DoctorCallback(x, y)
    model.fit(x, y, epochs=2, batch_size=2, verbose=0, callbacks=[doctor])
    assert not doctor._progress.failed
