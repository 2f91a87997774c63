import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from speechsent.concordance import concordance
from speechsent.evaluation.calibration import (
    apply_temperature,
    coverage_curve,
    expected_calibration_error,
    fit_temperature,
)
from speechsent.evaluation.comparison import holm

few = settings(deadline=None, max_examples=50)
p_values = st.lists(st.floats(0, 1), max_size=12)
pairs = arrays.arrays(
    np.float64, st.tuples(st.just(2), st.integers(2, 20)), elements=st.integers(-50, 50)
)


@st.composite
def answers(draw):
    """Probabilities of some clips, and their classes."""
    n_clips, n_classes = draw(st.integers(1, 20)), draw(st.integers(2, 5))
    logits = draw(arrays.arrays(np.float64, (n_clips, n_classes), elements=st.floats(-6, 6)))
    powers = np.exp(logits)
    truth = draw(arrays.arrays(np.int64, n_clips, elements=st.integers(0, n_classes - 1)))
    return powers / powers.sum(axis=1, keepdims=True), truth


def nll(probabilities, truth):
    return -np.log(probabilities[np.arange(len(truth)), truth]).mean()


@given(p_values)
def test_holm_lies_between_no_adjustment_and_that_of_bonferroni(p):
    adjusted = np.array(holm(p))
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(1, len(p) * np.array(p))).all()


@given(p_values)
def test_holm_keeps_the_order_of_the_tests(p):
    adjusted = np.array(holm(p))
    assert (np.diff(adjusted[np.argsort(p)]) >= 0).all()


@given(p_values.flatmap(lambda p: st.tuples(st.just(p), st.permutations(range(len(p))))))
def test_holm_does_not_depend_on_the_order_of_the_tests(given_p):
    p, order = given_p
    assert holm([p[i] for i in order]) == tuple(holm(p)[i] for i in order)


@few
@given(answers())
def test_the_fitted_temperature_never_raises_the_loss_it_was_fitted_on(clips):
    probabilities, truth = clips
    mended = apply_temperature(probabilities, fit_temperature(probabilities, truth))
    assert nll(mended, truth) <= nll(probabilities, truth) + 1e-6


@few
@given(answers(), st.floats(0.05, 20))
def test_temperature_keeps_probabilities_and_answers(clips, temperature):
    probabilities, _ = clips
    changed = apply_temperature(probabilities, temperature)
    np.testing.assert_allclose(changed.sum(axis=1), 1)
    answered = changed[np.arange(len(changed)), probabilities.argmax(axis=1)]
    np.testing.assert_allclose(answered, changed.max(axis=1))


@few
@given(answers())
def test_answering_all_clips_is_the_end_of_the_coverage_curve(clips):
    probabilities, truth = clips
    curve = coverage_curve(probabilities, truth)
    assert curve.coverage[-1] == 1
    assert curve.accuracy[-1] == pytest.approx((probabilities.argmax(axis=1) == truth).mean())
    assert (np.diff(curve.coverage) > 0).all()
    assert (np.diff(curve.threshold) < 0).all()


@few
@given(answers(), st.integers(1, 30))
def test_more_bins_never_hide_the_error_of_a_single_one(clips, n_bins):
    """By the triangle inequality, one bin gives the smallest value of all."""
    whole = expected_calibration_error(*clips, n_bins=1)
    assert whole - 1e-12 <= expected_calibration_error(*clips, n_bins=n_bins) <= 1


@given(pairs)
def test_concordance_is_symmetric_and_never_above_correlation(values):
    x, y = values
    assume(np.ptp(x) and np.ptp(y))
    found = concordance(x, y)
    assert found == pytest.approx(concordance(y, x))
    assert abs(found) <= abs(stats.pearsonr(x, y).statistic) + 1e-9


@given(pairs, st.integers(-9, 9), st.sampled_from([-2.0, 0.5, 3.0]))
def test_concordance_does_not_depend_on_the_unit_both_are_given_in(values, offset, factor):
    x, y = values
    assume(np.ptp(x) or np.ptp(y))
    changed = concordance(factor * x + offset, factor * y + offset)
    assert changed == pytest.approx(concordance(x, y), abs=1e-9)


@given(pairs)
def test_only_equal_values_agree_completely(values):
    x, y = values
    assume(np.ptp(x) and np.any(x != y))
    assert concordance(x, x) == pytest.approx(1)
    assert concordance(x, y) < 1
