import numpy as np
import pytest
from scipy import stats

from speechsent.errors import ParameterError
from speechsent.evaluation.comparison import McNemar, holm, mcnemar, paired_bootstrap
from speechsent.metrics import accuracy_from_confusion, uar_from_confusion


def right(only_first, only_second, both=3, neither=2):
    """Which clips two systems recognise, from the four counts."""
    pairs = [(1, 0)] * only_first + [(0, 1)] * only_second + [(1, 1)] * both + [(0, 0)] * neither
    return np.array(pairs, dtype=bool).T


def two_systems(n_speakers=8, n_clips=25, *, n_classes=4, seed=5):
    """Truth, a better and a worse system, and speakers some of whom are much easier."""
    rng = np.random.default_rng(seed)
    speakers = np.repeat([f"s{i}" for i in range(n_speakers)], n_clips)
    ease = np.repeat(rng.uniform(0.2, 0.9, n_speakers), n_clips)
    truth = rng.integers(0, n_classes, len(speakers))
    systems = [
        np.where(rng.random(len(truth)) < share * ease, truth, rng.integers(0, n_classes))
        for share in (1.0, 0.8)
    ]
    return truth, *systems, speakers.tolist()


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 1), (7, 1), (1, 7), (12, 12), (9, 40)])
def test_mcnemar_is_the_binomial_test_of_scipy_on_discordant_clips(only_first, only_second):
    found = mcnemar(*right(only_first, only_second))
    assert (found.n_only_first, found.n_only_second) == (only_first, only_second)
    expected = stats.binomtest(only_first, only_first + only_second, 0.5).pvalue
    assert found.p == pytest.approx(expected, rel=1e-12)


def test_mcnemar_stays_exact_for_thousands_of_clips():
    expected = stats.binomtest(1450, 3000, 0.5).pvalue
    assert mcnemar(*right(1450, 1550)).p == pytest.approx(expected, rel=1e-9)


def test_systems_that_never_disagree_do_not_differ():
    assert mcnemar(*right(0, 0)) == McNemar(n_only_first=0, n_only_second=0, p=1.0)


def test_mcnemar_refuses_sequences_of_different_length():
    with pytest.raises(ParameterError, match=r"shape \(2,\), bool of shape \(1,\)"):
        mcnemar([True, False], [True])


def test_mcnemar_refuses_answers_in_place_of_truth_values():
    with pytest.raises(ParameterError, match="Received: int64"):
        mcnemar([3, 0, 1], [3, 1, 1])


def test_the_paired_interval_agrees_with_resampling_speakers_by_hand():
    truth, first, second, speakers = two_systems()
    found = paired_bootstrap(accuracy_from_confusion, truth, first, second, speakers)
    lead = (first == truth).astype(float) - (second == truth)
    of_speaker = lead.reshape(8, 25).mean(axis=1)  # all speakers have as many clips
    draws = np.random.default_rng(1).choice(of_speaker, (20_000, 8)).mean(axis=1)
    assert found.difference == pytest.approx(lead.mean(), abs=1e-12)
    expected = np.quantile(draws, [0.025, 0.975])
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, abs=0.005)
    assert found.interval.method == "bootstrap over speakers"


def test_the_p_value_of_the_paired_bootstrap_is_known_for_two_speakers():
    """One speaker prefers the first system, the other does not care: one draw in four is a tie."""
    truth, first = [0] * 20, [0] * 20
    second = [1] * 10 + [0] * 10
    speakers = ["a"] * 10 + ["b"] * 10
    found = paired_bootstrap(accuracy_from_confusion, truth, first, second, speakers)
    assert found.difference == 0.5
    assert (found.interval.low, found.interval.high) == (0, 1)
    assert found.p == pytest.approx(2 / 4, abs=0.02)


def test_a_system_does_not_differ_from_itself():
    truth, first, _, speakers = two_systems()
    found = paired_bootstrap(uar_from_confusion, truth, first, first, speakers, n_resamples=200)
    assert (found.difference, found.interval.low, found.interval.high, found.p) == (0, 0, 0, 1)


def test_rounding_does_not_decide_between_equal_stacks():
    """For a computer 0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1, in every resample."""
    truth, speakers = [0] * 20, ["a"] * 10 + ["b"] * 10
    stack = [([0] * n_right + [1] * (10 - n_right)) * 2 for n_right in (1, 2, 3)]
    found = paired_bootstrap(accuracy_from_confusion, truth, stack, stack[::-1], speakers)
    assert found.p == 1


def test_no_p_value_falls_below_two_over_one_more_than_the_resamples():
    truth = [0, 1] * 12
    wrong = [1, 0] * 12
    speakers = list("aabbccddeeffgghhiijjkkll")
    found = paired_bootstrap(
        uar_from_confusion, truth, truth, wrong, speakers, n_resamples=99, seed=4
    )
    assert (found.difference, found.p) == (1, 0.02)


@pytest.mark.parametrize(("n_speakers", "least"), [(2, 0.5), (3, 0.25), (4, 0.125), (6, 0.03125)])
def test_speakers_who_all_agree_cannot_tell_more_than_tosses_of_a_coin(n_speakers, least):
    """Two of the 2^S ways S coins fall show one side alone."""
    speakers = [f"s{i // 4}" for i in range(4 * n_speakers)]
    truth = [0, 1] * (2 * n_speakers)
    wrong = [1, 0] * (2 * n_speakers)
    found = paired_bootstrap(uar_from_confusion, truth, truth, wrong, speakers, n_resamples=999)
    assert found.p == least


def test_clips_that_are_drawn_set_no_bound_by_speakers():
    truth = [0, 1] * 6
    wrong = [1, 0] * 6
    found = paired_bootstrap(uar_from_confusion, truth, truth, wrong, ["a"] * 12, n_resamples=999)
    assert found.p == pytest.approx(0.002)


@pytest.mark.parametrize(("n_clips", "least"), [(1, 1), (2, 0.5), (5, 0.0625)])
def test_a_handful_of_clips_cannot_tell_more_than_tosses_of_a_coin(n_clips, least):
    """One clip that one system alone recognised is no evidence at all."""
    truth, wrong = [0] * n_clips, [1] * n_clips
    found = paired_bootstrap(uar_from_confusion, truth, truth, wrong, [None] * n_clips)
    assert (found.difference, found.p) == (1, least)


def test_exchanging_the_systems_changes_the_sign_alone():
    truth, first, second, speakers = two_systems()
    one = paired_bootstrap(uar_from_confusion, truth, first, second, speakers)
    other = paired_bootstrap(uar_from_confusion, truth, second, first, speakers)
    assert other.difference == -one.difference
    assert (other.interval.low, other.interval.high) == pytest.approx(
        (-one.interval.high, -one.interval.low)
    )
    assert other.p == one.p


def test_the_score_of_a_stack_is_the_mean_over_its_models():
    """Speaker a: 1 and 0 right of 2; speaker b: 2 and 1 right of 2; the second system none."""
    truth = [0, 0, 0, 0]
    stack = [[0, 1, 0, 0], [1, 1, 0, 1]]
    nothing = [1, 1, 1, 1]
    found = paired_bootstrap(accuracy_from_confusion, truth, stack, nothing, ["a", "a", "b", "b"])
    assert found.difference == 0.5
    assert (found.interval.low, found.interval.high) == (0.25, 0.75)


def test_copies_of_a_model_change_nothing():
    truth, first, second, speakers = two_systems()
    alone = paired_bootstrap(uar_from_confusion, truth, first, second, speakers, n_resamples=500)
    copied = paired_bootstrap(
        uar_from_confusion, truth, [first] * 4, [second] * 2, speakers, n_resamples=500
    )
    assert copied == alone


@pytest.mark.parametrize("speaker", [None, "a"])
def test_without_several_speakers_the_bootstrap_agrees_with_scipy_on_clips(speaker):
    truth, first, second, _ = two_systems()
    found = paired_bootstrap(
        accuracy_from_confusion, truth, first, second, [speaker] * len(truth), seed=3
    )
    lead = (first == truth).astype(float) - (second == truth)
    expected = stats.bootstrap(
        [lead], np.mean, method="percentile", n_resamples=10_000, rng=1
    ).confidence_interval
    assert found.interval.method == "bootstrap over clips"
    assert (found.interval.low, found.interval.high) == pytest.approx(
        (expected.low, expected.high), abs=0.01
    )


@pytest.mark.parametrize("first", [[0, 1, 0], np.empty((0, 2), int), [[0, 1, 0]]])
def test_both_systems_answer_the_same_utterances(first):
    with pytest.raises(ParameterError, match=r"second\.shape=\(1, 2\)"):
        paired_bootstrap(uar_from_confusion, [0, 1], first, [0, 1], ["a", "b"])


def test_the_paired_bootstrap_checks_its_parameters():
    answers = [0, 1], [0, 1], [1, 1], ["a", "b"]
    with pytest.raises(ParameterError, match="confidence=95"):
        paired_bootstrap(uar_from_confusion, *answers, confidence=95)
    with pytest.raises(ParameterError, match="n_resamples=0"):
        paired_bootstrap(uar_from_confusion, *answers, n_resamples=0)


def test_holm_multiplies_the_smallest_by_all_and_the_largest_by_one():
    """0.005 x 4, 0.01 x 3, then 0.04 x 1 and 0.03 x 2: the larger p may not end below."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


def test_holm_agrees_with_the_example_of_r():
    """R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") is 0.05 0.08 0.09 0.09 0.09."""
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx((0.05, 0.08, 0.09, 0.09, 0.09))


def test_holm_never_exceeds_one():
    assert holm([0.5, 0.9, 0.6]) == (1, 1, 1)


def test_one_test_needs_no_adjustment_and_none_gives_none():
    assert holm([0.04]) == (0.04,)
    assert holm([]) == ()


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_holm_refuses_what_is_no_probability(p):
    with pytest.raises(ParameterError, match=rf"p-values must lie in \[0, 1\]. Received: 0.5, {p}"):
        holm([0.5, p])
