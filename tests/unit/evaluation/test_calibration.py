import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from speechsent.errors import ParameterError
from speechsent.evaluation.calibration import (
    apply_temperature,
    brier,
    coverage_curve,
    expected_calibration_error,
    fit_temperature,
    reliability,
)

# In five bins: 0.9 lies in (0.8, 1], 0.8 in (0.6, 0.8], and 0.6, 0.6, 0.5 in (0.4, 0.6].
FIVE = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.4, 0.6], [0.5, 0.5]])
FIVE_TRUTH = [0, 1, 0, 0, 0]  # right, wrong, right, wrong, right


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def honest_answers(n=20_000, n_classes=4, seed=11):
    """Logits whose softmax is the very distribution the truth is drawn from."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, n_classes))
    steps = softmax(logits).cumsum(axis=1)
    truth = (rng.random((n, 1)) > steps[:, :-1]).sum(axis=1)
    return logits, truth


@pytest.mark.parametrize("temperature", [0.25, 0.5, 1.0, 3.0])
def test_the_temperature_that_spoilt_honest_answers_is_found(temperature):
    logits, truth = honest_answers()
    found = fit_temperature(softmax(logits * temperature), truth)
    assert found == pytest.approx(temperature, rel=0.04)


def test_the_fitted_temperature_mends_overconfidence():
    logits, truth = honest_answers()
    spoilt = softmax(3 * logits)
    mended = apply_temperature(spoilt, fit_temperature(spoilt, truth))
    assert expected_calibration_error(spoilt, truth) > 0.1
    assert expected_calibration_error(mended, truth) < 0.02
    assert brier(mended, truth) < brier(spoilt, truth)


def test_clips_that_are_all_right_drive_the_temperature_to_its_end():
    assert fit_temperature([[0.9, 0.1], [0.2, 0.8]], [0, 1]) == pytest.approx(0.05, rel=1e-3)


def test_clips_that_are_all_wrong_drive_the_temperature_to_its_end():
    assert fit_temperature([[0.9, 0.1], [0.2, 0.8]], [1, 0]) == pytest.approx(20, rel=1e-3)


def test_a_probability_of_zero_for_the_truth_is_no_catastrophe():
    """Tables round to six decimals; one such zero must not decide about a hundred clips."""
    probabilities = np.array([[0.9, 0.1]] * 90 + [[0.1, 0.9]] * 9 + [[0.0, 1.0]])
    assert 0.9 < fit_temperature(probabilities, [0] * 100) < 2


def test_temperature_one_changes_nothing():
    np.testing.assert_allclose(apply_temperature(FIVE, 1.0), FIVE)


def test_temperature_divides_the_logits():
    logits = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 3.0]])
    np.testing.assert_allclose(apply_temperature(softmax(logits), 2.0), softmax(logits / 2))


@pytest.mark.parametrize("temperature", [0, -1, float("nan"), float("inf")])
def test_a_temperature_is_positive(temperature):
    with pytest.raises(ParameterError, match=f"temperature={temperature}"):
        apply_temperature(FIVE, temperature)


def test_bins_hold_the_clips_of_their_confidence():
    rows = reliability(FIVE, FIVE_TRUTH, n_bins=5)
    assert [row.n for row in rows] == [3, 1, 1]
    assert [row.low for row in rows] == pytest.approx([0.4, 0.6, 0.8])
    assert [row.high for row in rows] == pytest.approx([0.6, 0.8, 1.0])
    assert [row.confidence for row in rows] == pytest.approx([1.7 / 3, 0.8, 0.9])
    assert [row.accuracy for row in rows] == pytest.approx([2 / 3, 0, 1])


def test_the_calibration_error_is_that_worked_by_hand():
    """(3 * |0.5667 - 0.6667| + 1 * |0.8 - 0| + 1 * |0.9 - 1|) / 5 = (0.3 + 0.8 + 0.1) / 5."""
    assert expected_calibration_error(FIVE, FIVE_TRUTH, n_bins=5) == pytest.approx(0.24)


def test_one_bin_compares_the_means():
    """Mean confidence 0.68, accuracy 0.6."""
    assert expected_calibration_error(FIVE, FIVE_TRUTH, n_bins=1) == pytest.approx(0.08)


def test_certain_and_right_is_perfectly_calibrated():
    assert expected_calibration_error(np.eye(3), [0, 1, 2]) == 0


def test_there_must_be_bins():
    with pytest.raises(ParameterError, match="n_bins=0"):
        reliability(FIVE, FIVE_TRUTH, n_bins=0)


def test_the_brier_score_of_two_classes_is_twice_that_of_scikit_learn(rng):
    positive, truth = rng.random(60), rng.integers(0, 2, 60)
    expected = 2 * brier_score_loss(truth, positive)
    assert brier(np.stack([1 - positive, positive], axis=1), truth) == pytest.approx(expected)


def test_the_brier_score_is_that_worked_by_hand():
    """0.3^2 + 0.2^2 + 0.1^2 = 0.14, and for the class at 0.2: 0.7^2 + 0.8^2 + 0.1^2 = 1.14."""
    assert brier([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]], [0, 1]) == pytest.approx(0.64)


def test_the_brier_score_reaches_its_bounds():
    assert brier([[1, 0, 0]], [0]) == 0
    assert brier([[1, 0, 0]], [1]) == 2


def test_the_most_confident_clips_are_answered_first():
    """Right, wrong, then a tie of a right and a wrong one, then a right one."""
    curve = coverage_curve(FIVE, FIVE_TRUTH)
    assert curve.threshold.tolist() == [0.9, 0.8, 0.6, 0.5]
    assert curve.coverage == pytest.approx([1 / 5, 2 / 5, 4 / 5, 1])
    assert curve.accuracy == pytest.approx([1, 1 / 2, 2 / 4, 3 / 5])


@pytest.mark.parametrize(
    "score",
    [fit_temperature, reliability, expected_calibration_error, brier, coverage_curve],
)
@pytest.mark.parametrize(
    ("probabilities", "truth", "message"),
    [
        ([[0.9, 0.9]], [0], r"sums to 1, .* probabilities.shape=\(1, 2\)"),
        ([[1.5, -0.5]], [0], "not be negative"),
        ([[float("nan"), 0.5]], [0], "sums to 1"),
        ([0.5, 0.5], [0, 1], r"one row a clip .* probabilities.shape=\(2,\)"),
        ([[0.5, 0.5]], [0, 1], "same shape"),
        ([[0.5, 0.5]], [2], r"class indices must lie in \[0, 2\)"),
        (np.empty((0, 2)), np.empty(0, int), "at least one utterance"),
    ],
)
def test_what_are_no_probabilities_of_these_clips_is_refused(score, probabilities, truth, message):
    with pytest.raises(ParameterError, match=message):
        score(probabilities, truth)
