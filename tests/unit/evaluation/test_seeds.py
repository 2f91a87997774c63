import pytest
from scipy import stats

from speechsent.errors import ParameterError
from speechsent.evaluation.seeds import over_seeds

SCORES = [0.61, 0.58, 0.66, 0.60, 0.63]


def test_the_summary_of_three_seeds_is_that_done_by_hand():
    """Deviations -0.1, 0, 0.1: sd 0.1; t(0.975, 2) = 4.3027 in every table; over the root of 3."""
    found = over_seeds([0.4, 0.5, 0.6])
    assert (found.mean, found.sd, found.n) == (pytest.approx(0.5), pytest.approx(0.1), 3)
    margin = 4.302653 * 0.1 / 3**0.5
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (0.5 - margin, 0.5 + margin), abs=1e-6
    )


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_the_interval_is_that_of_scipy(confidence):
    found = over_seeds(SCORES, confidence=confidence).interval
    expected = stats.t.interval(
        confidence, len(SCORES) - 1, loc=stats.tmean(SCORES), scale=stats.sem(SCORES)
    )
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.confidence == confidence


def test_one_seed_has_a_mean_and_no_spread():
    found = over_seeds([0.5])
    assert (found.mean, found.sd, found.n, found.interval) == (0.5, None, 1, None)


@pytest.mark.parametrize(("scores", "seen"), [([], "none"), ([0.5, float("nan")], "0.5, nan")])
def test_a_missing_score_is_refused(scores, seen):
    with pytest.raises(ParameterError, match=f"finite scores, one at least. Received: {seen}"):
        over_seeds(scores)


def test_confidence_is_a_share():
    with pytest.raises(ParameterError, match="confidence=95"):
        over_seeds(SCORES, confidence=95)
