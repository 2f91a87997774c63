import keras
import numpy as np
import pytest

from speechsent.training.seed import seed_everything


def initial_weights(seed):
    seed_everything(seed)
    return keras.layers.Dense(2)(np.ones((1, 3))).numpy().tolist()


def dropped(seed):
    seed_everything(seed)
    layer = keras.layers.Dropout(0.5)
    return [layer(np.ones((1, 30)), training=True).numpy().tolist() for _ in range(2)]


def lstm_output(seed):
    seed_everything(seed)
    layer = keras.layers.LSTM(2, dropout=0.3, recurrent_dropout=0.3)
    return layer(np.ones((1, 4, 3)), training=True).numpy().tolist()


@pytest.mark.parametrize("source", [initial_weights, dropped, lstm_output])
def test_every_source_of_randomness_repeats_and_another_seed_gives_other_numbers(source):
    assert source(3) == source(3)
    assert source(3) != source(4)
