import numpy as np
import pytest
from sklearn.metrics import root_mean_squared_error

from speechsent.concordance import concordance, rmse
from speechsent.errors import ParameterError


def test_an_offset_of_one_lowers_the_ccc_as_worked_by_hand():
    """Covariance and both variances are 2/3, the means differ by 1: (4/3) / (4/3 + 1)."""
    assert concordance([1, 2, 3], [2, 3, 4]) == pytest.approx(4 / 7)


def test_a_wrong_scale_lowers_the_ccc_as_worked_by_hand():
    """Covariance 4/3, variances 2/3 and 8/3, means equal: (8/3) / (10/3)."""
    assert concordance([-1, 0, 1], [-2, 0, 2]) == pytest.approx(0.8)


def test_the_ccc_agrees_with_the_moments_of_numpy(rng):
    truth = rng.normal(size=200)
    prediction = 0.7 * truth + rng.normal(0.3, 0.5, 200)
    (xx, xy), (_, yy) = np.cov(truth, prediction, bias=True)
    expected = 2 * xy / (xx + yy + (truth.mean() - prediction.mean()) ** 2)
    assert concordance(truth, prediction) == pytest.approx(expected)


def test_a_prediction_that_never_varies_scores_zero():
    assert concordance([1, 2, 3], [5, 5, 5]) == pytest.approx(0, abs=1e-12)
    assert concordance([2, 2], [3, 3]) == 0


def test_the_ccc_of_one_constant_is_refused():
    with pytest.raises(ParameterError, match=r"undefined .* Received: 0.1 throughout"):
        concordance([0.1, 0.1, 0.1], [0.1, 0.1, 0.1])


def test_the_rmse_is_that_of_scikit_learn(rng):
    truth, prediction = rng.normal(size=(2, 50))
    assert rmse(truth, prediction) == pytest.approx(root_mean_squared_error(truth, prediction))


@pytest.mark.parametrize("score", [concordance, rmse])
@pytest.mark.parametrize(("truth", "prediction"), [([], []), ([1, 2], [1]), ([[1]], [[1]])])
def test_values_come_in_pairs(score, truth, prediction):
    with pytest.raises(ParameterError, match="one-dimensional, of the same shape and not empty"):
        score(truth, prediction)


@pytest.mark.parametrize("score", [concordance, rmse])
def test_values_are_finite(score):
    with pytest.raises(ParameterError, match="prediction with 1 that are not"):
        score([1, 2], [1, float("nan")])
