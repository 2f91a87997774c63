import numpy as np
import pytest

from speechsent.doctor.heads import Head
from speechsent.doctor.inflight.answers import answer_findings


def head(targets, loss):
    return Head(
        name="out", units=1, rank=2, activation="", bare=True, loss=loss, targets=np.array(targets)
    )


def sparse_categorical_crossentropy():
    """Stand for the loss of that name."""


def binary_crossentropy():
    """Stand for the loss of that name."""


def mean_squared_error():
    """Stand for the loss of that name."""


def names(targets, values, loss=sparse_categorical_crossentropy):
    return [f.name for f in answer_findings(head(targets, loss), np.asarray(values, float))]


SIX = np.arange(12) % 6


@pytest.mark.parametrize(("n_given", "told"), [(2, True), (3, False), (6, False)])
def test_fewer_than_half_of_the_classes(n_given, told):
    answers = np.eye(6)[SIX % n_given]
    assert names(SIX, answers) == ["classes-never-predicted"] * told


def test_one_class_of_two():
    values = np.linspace(0.6, 0.9, 10)[:, None]
    both = np.arange(10) % 2
    assert names(both, values, binary_crossentropy) == ["classes-never-predicted"]
    assert names(both, values - 0.3, binary_crossentropy) == []


def test_probabilities_that_do_not_vary():
    answers = np.tile([0.5, 0.3, 0.2], (12, 1)) + 1e-4 * np.arange(12)[:, None]
    assert names(SIX % 3, answers) == ["answers-do-not-vary"]


def test_numbers_that_vary_by_a_twentieth_of_what_they_should():
    wanted = np.linspace(-1, 1, 20)
    assert names(wanted, 0.04 * wanted[:, None], mean_squared_error) == ["answers-do-not-vary"]
    assert names(wanted, 0.06 * wanted[:, None], mean_squared_error) == []


def test_few_samples_tell_nothing():
    assert names(SIX[:7], np.eye(6)[[0] * 7]) == []
