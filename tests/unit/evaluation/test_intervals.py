import numpy as np
import pytest
from scipy import stats

from speechsent.errors import ParameterError
from speechsent.evaluation import intervals
from speechsent.evaluation.intervals import bootstrap_by_speaker, score_intervals, wilson
from speechsent.evaluation.resampling import resample
from speechsent.metrics import (
    accuracy_from_confusion,
    macro_f1_from_confusion,
    uar_from_confusion,
)


def answers_of(n_speakers, n_clips, *, n_classes=4, seed=3):
    """Truth, prediction and speakers; some speakers are much easier than others."""
    rng = np.random.default_rng(seed)
    speakers = np.repeat([f"s{i:02d}" for i in range(n_speakers)], n_clips)
    ease = np.repeat(rng.uniform(0.2, 0.9, n_speakers), n_clips)
    truth = rng.integers(0, n_classes, len(speakers))
    guess = rng.integers(0, n_classes, len(speakers))
    prediction = np.where(rng.random(len(speakers)) < ease, truth, guess)
    return truth, prediction, speakers.tolist()


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 30), (7, 30), (30, 30), (519, 1000)])
def test_the_wilson_interval_is_that_of_scipy(k, n, confidence):
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert wilson(k, n, confidence=confidence) == pytest.approx(
        (expected.low, expected.high), abs=1e-12
    )


def test_the_wilson_interval_ends_at_the_bounds_exactly():
    assert wilson(0, 7)[0] == 0
    assert wilson(7, 7)[1] == 1


@pytest.mark.parametrize(("k", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_wilson_refuses_impossible_counts(k, n):
    with pytest.raises(ParameterError, match=f"Received: k={k}, n={n}"):
        wilson(k, n)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_share(confidence):
    with pytest.raises(ParameterError, match=r"confidence must lie in \(0, 1\)"):
        wilson(1, 2, confidence=confidence)
    with pytest.raises(ParameterError, match=r"confidence must lie in \(0, 1\)"):
        bootstrap_by_speaker(uar_from_confusion, [0], [0], ["a"], confidence=confidence)


def test_speakers_are_drawn_whole():
    """One speaker all right, one all wrong: of all draws a quarter scores 0 and a quarter 1."""
    truth, prediction = [0] * 20, [0] * 10 + [1] * 10
    whole = bootstrap_by_speaker(
        accuracy_from_confusion, truth, prediction, ["a"] * 10 + ["b"] * 10
    )
    assert (whole.low, whole.high) == (0, 1)
    half = bootstrap_by_speaker(
        accuracy_from_confusion, truth, prediction, ["a"] * 10 + ["b"] * 10, confidence=0.4
    )
    assert (half.low, half.high) == (0.5, 0.5)
    assert half.method == "bootstrap over speakers"
    assert half.confidence == 0.4


def test_the_bootstrap_over_speakers_agrees_with_resampling_by_hand():
    truth, prediction, speakers = answers_of(12, 15)
    interval = bootstrap_by_speaker(
        uar_from_confusion, truth, prediction, speakers, n_resamples=4000
    )
    rng = np.random.default_rng(99)
    of_speaker = [np.flatnonzero(np.array(speakers) == s) for s in sorted(set(speakers))]
    scores = []
    for _ in range(1500):
        clips = np.concatenate([of_speaker[i] for i in rng.integers(0, 12, 12)])
        right = truth[clips] == prediction[clips]
        scores.append(np.mean([right[truth[clips] == c].mean() for c in range(4)]))
    expected = np.quantile(scores, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx(expected, abs=0.015)


def test_the_bootstrap_over_clips_agrees_with_scipy():
    truth, prediction, _ = answers_of(1, 200)
    interval = bootstrap_by_speaker(
        accuracy_from_confusion, truth, prediction, [None] * 200, n_resamples=5000
    )
    expected = stats.bootstrap(
        [(truth == prediction).astype(float)], np.mean, method="percentile", n_resamples=5000, rng=1
    ).confidence_interval
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=0.015)


@pytest.mark.parametrize("speakers", [[None] * 4, ["a", "a", "b", None], ["a"] * 4])
def test_clips_are_drawn_where_speakers_cannot_be(speakers):
    interval = bootstrap_by_speaker(uar_from_confusion, [0, 1, 0, 1], [0, 1, 1, 1], speakers)
    assert interval.method == "bootstrap over clips"
    assert interval.low < interval.high


def test_equal_seeds_give_equal_intervals():
    truth, prediction, speakers = answers_of(6, 10)

    def interval(seed):
        return bootstrap_by_speaker(uar_from_confusion, truth, prediction, speakers, seed=seed)

    assert interval(1) == interval(1)
    assert interval(1) != interval(2)


def test_a_thousand_resamples_are_scored_many_at_once():
    sizes = []

    def statistic(confusion):
        sizes.append(len(confusion))
        return uar_from_confusion(confusion)

    truth, prediction, speakers = answers_of(30, 10, n_classes=8)
    bootstrap_by_speaker(statistic, truth, prediction, speakers, n_resamples=1000)
    assert sum(sizes) == 1001  # the clips as they are, and their resamples
    assert len(sizes) < 10


def test_every_clip_needs_a_speaker():
    with pytest.raises(ParameterError, match="Received: 1 speakers, 2 utterances"):
        bootstrap_by_speaker(uar_from_confusion, [0, 1], [0, 1], ["a"])


def test_there_must_be_resamples():
    with pytest.raises(ParameterError, match="n_resamples=0"):
        bootstrap_by_speaker(uar_from_confusion, [0], [0], ["a"], n_resamples=0)


def test_there_must_be_clips():
    with pytest.raises(ParameterError, match="at least one utterance"):
        bootstrap_by_speaker(uar_from_confusion, [], [], [])


@pytest.mark.parametrize("known", [True, False])
def test_all_scores_at_once_have_the_intervals_each_has_alone(known):
    truth, prediction, speakers = answers_of(8, 30)
    given = truth, prediction, speakers if known else [None] * len(truth)
    options = {"n_resamples": 700, "seed": 5, "confidence": 0.9}
    found = score_intervals(*given, **options)
    assert found.uar == bootstrap_by_speaker(uar_from_confusion, *given, **options)
    assert found.accuracy == bootstrap_by_speaker(accuracy_from_confusion, *given, **options)
    assert found.macro_f1 == bootstrap_by_speaker(macro_f1_from_confusion, *given, **options)


def test_recall_by_speaker_is_drawn_by_speaker():
    """Of class 0 one speaker has all right and one all wrong; a quarter of draws has each alone."""
    recall = score_intervals([0] * 20, [0] * 10 + [1] * 10, ["a"] * 10 + ["b"] * 10).recall
    assert (recall[0].low, recall[0].high) == (0, 1)
    assert recall[0].method == "bootstrap over speakers"


def test_draws_without_a_clip_of_a_class_do_not_count_for_its_recall():
    """Only speaker b has class 1, half of it right, whenever b is drawn."""
    found = score_intervals([0, 0, 1, 1], [0, 0, 1, 0], list("aabb"))
    assert (found.recall[1].low, found.recall[1].high) == (0.5, 0.5)


def test_a_class_without_clips_has_no_interval_of_recall():
    assert score_intervals([0, 0], [0, 1], ["a", "b"]).recall[1] is None


def test_all_scores_are_of_the_same_draws(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        intervals, "resample", lambda *args, **kw: drawn.append(kw) or resample(*args, **kw)
    )
    score_intervals(*answers_of(9, 8))
    assert len(drawn) == 1
