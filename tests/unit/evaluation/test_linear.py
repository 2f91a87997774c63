import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from speechsent.evaluation.linear import LinearComparison, compare_linear


@pytest.fixture
def pair(make_predictions):
    """A net that is right on four clips of five, and a linear model right on every second."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 400)
    speakers = [f"s{i:02d}" for i in np.arange(400) // 20]
    answers = [np.where(rng.random(400) < share, truth, (truth + 1) % 3) for share in (0.8, 0.5)]
    return tuple(make_predictions(truth, answer, speakers=speakers) for answer in answers)


def test_scores_of_the_linear_model_are_those_of_scikit_learn(pair):
    net, linear = pair
    found = compare_linear(net, linear, seed=0)
    uar = balanced_accuracy_score(linear.truth, linear.predicted)
    assert found.uar == pytest.approx(uar)
    assert found.accuracy == pytest.approx(accuracy_score(linear.truth, linear.predicted))
    net_uar = balanced_accuracy_score(net.truth, net.predicted)
    assert found.difference == pytest.approx(net_uar - uar)


def test_mcnemar_is_the_binomial_test_of_the_clips_only_one_recognised(pair):
    net, linear = pair
    right = [p.predicted == p.truth for p in pair]
    k, n = int((right[0] & ~right[1]).sum()), int((right[0] != right[1]).sum())
    found = compare_linear(net, linear, seed=0)
    assert found.mcnemar_p == pytest.approx(stats.binomtest(k, n).pvalue, rel=1e-6)


def test_a_net_that_is_much_better_beats_the_linear_model(pair):
    found = compare_linear(*pair, seed=0)
    assert found.beaten
    assert found.interval.low < found.difference < found.interval.high
    assert found.p < 0.01


def test_a_net_that_is_worse_or_equal_does_not(pair):
    net, linear = pair
    assert not compare_linear(linear, net, seed=0).beaten
    same = compare_linear(net, net, seed=0)
    assert (same.difference, same.p, same.mcnemar_p, same.beaten) == (0, 1, 1, False)


def test_a_comparison_survives_plain_values(pair):
    from dataclasses import asdict

    found = compare_linear(*pair, seed=0)
    assert LinearComparison.from_dict(asdict(found)) == found
