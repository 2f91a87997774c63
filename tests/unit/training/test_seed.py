import random

import keras
import numpy as np
import pytest

from speechsent.training.seed import seed_everything


def draws(seed):
    seed_everything(seed)
    return (
        random.random(),
        float(np.random.rand()),  # noqa: NPY002
        float(keras.random.uniform(())),
        keras.layers.Dense(2)(np.ones((1, 3))).numpy().tolist(),
    )


def test_every_source_of_randomness_repeats():
    assert draws(3) == draws(3)


@pytest.mark.parametrize("source", range(4))
def test_another_seed_gives_other_numbers(source):
    assert draws(3)[source] != draws(4)[source]
