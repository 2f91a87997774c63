"""The linear baseline of a run: on features standardised as the network sees them."""

import numpy as np
import pytest

from speechsent.baseline import clip_statistics
from speechsent.clips import Clips
from speechsent.experiment.baseline import standard_statistics
from speechsent.features.standardize import Standardizer

N_VALUES = {"log_mel": 3, "mfcc": 2, "prosody": 2}


def make_clips(rng, views, scope="corpus"):
    """Six clips of two speakers, one of them five louder."""
    speakers = ["a", "a", "a", "b", "b", "b"]
    loud = [0, 0, 0, 5, 5, 5]
    raw = {
        view: [rng.normal(size=(7 + i, N_VALUES[view])) + loud[i] for i in range(6)]
        for view in views
    }
    statistics = Standardizer.fit(raw, [0, 1, 2], scope).per_clip(raw, speakers)
    ids = tuple("uvwxyz")
    return Clips(raw, statistics, np.array([0, 1, 0, 1, 0, 1]), 2, 5, ids)


def test_statistics_are_those_of_standardised_features(rng):
    clips = make_clips(rng, ("mfcc",))
    train = np.concatenate(clips.views["mfcc"][:3])
    expected = clip_statistics(
        {"mfcc": [(v - train.mean(axis=0)) / train.std(axis=0) for v in clips.views["mfcc"]]}
    )
    np.testing.assert_allclose(standard_statistics(clips), expected, atol=1e-4)


def test_a_speakers_own_statistics_are_honoured(rng):
    """Standardised by speaker, how loud one is says nothing any more."""
    by_corpus, by_speaker = (
        standard_statistics(make_clips(rng, ("log_mel",), scope)) for scope in ("corpus", "speaker")
    )
    assert by_corpus[3:, :3].mean() > 3
    assert abs(by_speaker[3:, :3].mean()) < 0.2


@pytest.mark.parametrize(
    ("views", "width"),
    [(("log_mel", "mfcc", "prosody"), 10), (("mfcc", "prosody"), 4), (("prosody",), 4)],
)
def test_it_uses_what_is_there(rng, views, width):
    assert standard_statistics(make_clips(rng, views)).shape == (6, width)


def test_a_clip_does_not_depend_on_the_others(rng):
    clips = make_clips(rng, ("log_mel", "mfcc"))
    whole = standard_statistics(clips)
    np.testing.assert_array_equal(standard_statistics(clips.subset([4, 1])), whole[[4, 1]])
