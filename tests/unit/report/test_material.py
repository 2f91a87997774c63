"""Which clips come first."""

import numpy as np

from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.predictions import Predictions
from speechsent.report.material import worst_first


def test_the_most_confidently_wrong_come_first_and_the_surest_right_last():
    surely_right, barely_right, barely_wrong, surely_wrong = 0.9, 0.6, 0.4, 0.2
    first = np.array([surely_right, barely_wrong, barely_right, surely_wrong])
    told = Predictions(
        files=tuple("abcd"),
        truth=np.zeros(4, int),
        probabilities=np.stack([first, 1 - first], axis=1),
        speakers=(None,) * 4,
        genders=(None,) * 4,
        labels=("x", "y"),
    )
    assert worst_first(told, ()) == [3, 1, 2, 0]


def test_errors_of_numbers_count_in_units_of_their_spread():
    told = NumericPredictions(
        files=("a", "b"),
        speakers=(None, None),
        names=("small", "large"),
        truth=np.zeros((2, 2)),
        predicted=np.array([[0.0, 10.0], [0.5, 0.0]]),
    )
    assert worst_first(told, (0.1, 100.0)) == [1, 0]
