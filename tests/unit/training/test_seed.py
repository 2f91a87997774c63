import random

import keras
import numpy as np
import pytest

from speechsent.training.seed import choose_deterministic_kernels, layers_seeded


def initial_weights(seed, name="cnn"):
    with layers_seeded(seed, name):
        return keras.layers.Dense(2)(np.ones((1, 3))).numpy().tolist()


def dropped(seed, name="cnn"):
    with layers_seeded(seed, name):
        layer = keras.layers.Dropout(0.5)
    return [layer(np.ones((1, 30)), training=True).numpy().tolist() for _ in range(2)]


def lstm_output(seed, name="cnn"):
    with layers_seeded(seed, name):
        layer = keras.layers.LSTM(2, dropout=0.3, recurrent_dropout=0.3)
        return layer(np.ones((1, 4, 3)), training=True).numpy().tolist()


@pytest.mark.parametrize("source", [initial_weights, dropped, lstm_output])
def test_layers_repeat_and_another_seed_or_name_gives_others(source):
    assert source(3) == source(3)
    assert source(3) != source(4)
    assert source(3) != source(3, "lstm")


def test_whoever_else_draws_from_pythons_generator_changes_nothing():
    """The threads of a cluster's worker do."""
    random.seed(5)
    one = initial_weights(3)
    random.random()
    assert initial_weights(3) == one


def test_outside_keras_draws_as_its_user_wants():
    initial_weights(3)
    weights = []
    for _ in range(2):
        keras.utils.set_random_seed(7)
        weights.append(keras.layers.Dense(2)(np.ones((1, 3))).numpy().tolist())
    assert weights[0] == weights[1]


def test_keras_can_still_shuffle_by_itself():
    """With deterministic kernels TensorFlow refuses to draw without a seed."""
    choose_deterministic_kernels()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), shuffle=True, verbose=0)
