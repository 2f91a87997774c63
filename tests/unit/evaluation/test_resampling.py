import tracemalloc

import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.evaluation.resampling import BLOCK, resample
from speechsent.metrics import accuracy_from_confusion

ALL_SPEAKERS = list("aabbccdd")


def right_per_clip(confusion):
    return confusion[:, 0, 0] + confusion[:, 1, 1]


def resample_two(speakers, statistic=accuracy_from_confusion, **options):
    """Two models on eight clips: one all right, one right on every second clip."""
    truth = [0, 1] * 4
    given = {"n_resamples": 50, "seed": 0, **options}
    return resample(statistic, truth, [truth, [0] * 8], speakers, **given)


def test_the_observed_scores_are_those_of_the_clips_as_they_are():
    found = resample_two(ALL_SPEAKERS)
    assert found.observed.tolist() == [1, 0.5]
    assert found.unit == "speakers"


@pytest.mark.parametrize("speakers", [ALL_SPEAKERS, [None] * 8])
def test_every_resample_has_as_many_clips(speakers):
    """Here each speaker has two clips, so that this holds for speakers too."""
    found = resample_two(speakers, lambda confusion: confusion.sum(axis=(1, 2)))
    assert (found.drawn == 8).all()


def test_speakers_are_drawn_with_all_their_clips():
    """Half of each speaker's clips are right for the second model, so of every resample too."""
    assert (resample_two(ALL_SPEAKERS).drawn[1] == 0.5).all()


def test_clips_are_drawn_one_by_one():
    found = resample_two([None] * 8, n_resamples=2000)
    assert found.unit == "clips"
    assert found.drawn[1].mean() == pytest.approx(0.5, abs=0.02)
    assert found.drawn[1].std() == pytest.approx((0.25 / 8) ** 0.5, abs=0.02)


@pytest.mark.parametrize("speakers", [ALL_SPEAKERS, [None] * 8])
def test_all_models_are_scored_on_the_same_draw(speakers):
    """The second model is right where the third is wrong: together they are right once a clip."""
    truth = [0, 1] * 4
    predictions = [[0] * 8, [1] * 8]
    found = resample(right_per_clip, truth, predictions, speakers, n_resamples=50, seed=1)
    assert (found.drawn.sum(axis=0) == 8).all()


@pytest.mark.parametrize("speakers", [list("aabbccdd"), [None] * 8])
def test_fewer_resamples_are_the_first_of_more(speakers):
    """Drawing in blocks leaves no seam."""
    many = resample_two(speakers, n_resamples=BLOCK + 7)
    few = resample_two(speakers, n_resamples=BLOCK - 7)
    np.testing.assert_array_equal(many.drawn[:, : BLOCK - 7], few.drawn)
    assert np.isfinite(many.drawn).all()


def test_small_integers_do_not_overflow():
    truth = np.full(4, 20, np.uint8)
    found = resample(
        accuracy_from_confusion, truth, truth[np.newaxis], list("aabb"), n_resamples=5, seed=0
    )
    assert (found.drawn == 1).all()


def test_every_model_answers_every_utterance():
    with pytest.raises(ParameterError, match=r"truth.shape=\(2,\), prediction.shape=\(1,\)"):
        resample(accuracy_from_confusion, [0, 1], [[0]], ["a", "b"], n_resamples=1, seed=0)


def test_memory_does_not_grow_with_the_resamples():
    """All draws of the 4,000 clips, hardly two of them alike, would be 96 MB at once."""
    truth = np.arange(4000) % 6
    predictions = np.random.default_rng(0).integers(0, 6, (6, 4000))
    tracemalloc.start()
    resample(accuracy_from_confusion, truth, predictions, [None] * 4000, n_resamples=3000, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80e6
