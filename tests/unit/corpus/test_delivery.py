import numpy as np
import pytest

from speechsent.corpus.delivery import EMOTIONS, draw_speaker, utter
from speechsent.corpus.labels import CANONICAL
from speechsent.errors import ParameterError


def decibels(signal):
    return 10 * np.log10(np.mean(signal.astype(float) ** 2))


def test_the_six_emotions_are_canonical_names():
    assert len(set(EMOTIONS)) == 6
    assert set(EMOTIONS) <= set(CANONICAL)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("speaker", [1, 2])
def test_a_clip_is_a_short_finite_mono_signal_below_full_scale(speaker, emotion):
    signal = utter(speaker, emotion, 8, 3)
    assert signal.dtype == np.float32
    assert signal.ndim == 1
    assert 1.2 <= len(signal) / 16_000 <= 2.5
    assert np.isfinite(signal).all()
    assert 0.01 < np.abs(signal).max() <= 0.951


def test_the_same_clip_is_the_same_whenever_it_is_said():
    first = utter(4, "fear", 2, 1, seed=5)
    utter(1, "anger", 1, 1, seed=5)
    np.testing.assert_array_equal(utter(4, "fear", 2, 1, seed=5), first)


@pytest.mark.parametrize(
    ("changed", "seed"),
    [
        ((6, "fear", 2, 1), 5),
        ((4, "anger", 2, 1), 5),
        ((4, "fear", 3, 1), 5),
        ((4, "fear", 2, 2), 5),
        ((4, "fear", 2, 1), 6),
    ],
)
def test_another_clip_is_another_signal(changed, seed):
    first, second = utter(4, "fear", 2, 1, seed=5), utter(*changed, seed=seed)
    assert len(first) != len(second) or not np.allclose(first, second)


def test_a_rate_changes_the_samples_and_not_the_duration():
    assert len(utter(1, "anger", 1, 1, sample_rate=48_000)) == 3 * len(utter(1, "anger", 1, 1))


def test_women_have_higher_voices_and_shorter_tracts_than_men():
    women = [draw_speaker(n, seed=0) for n in range(1, 24, 2)]
    men = [draw_speaker(n, seed=0) for n in range(2, 25, 2)]
    assert min(w.f0 for w in women) > max(m.f0 for m in men)
    assert np.mean([w.tract for w in women]) > np.mean([m.tract for m in men])


def test_speakers_differ_and_keep_what_is_theirs():
    one, again, other = (draw_speaker(n, seed=3) for n in (1, 1, 3))
    np.testing.assert_array_equal(one.habits, again.habits)
    assert (one.f0, one.tract, one.gain) == (again.f0, again.tract, again.gain)
    assert one.f0 != other.f0
    assert not np.array_equal(one.habits, other.habits)
    assert draw_speaker(1, seed=4).f0 != one.f0


def test_emotions_differ_as_juslin_and_laukka_found():
    """Their table 7 of 2003: anger is loud and fast, sadness quiet and slow."""
    anger, sadness = (
        [utter(speaker, emotion, 1, take) for speaker in range(1, 7) for take in (1, 2)]
        for emotion in ("anger", "sadness")
    )
    assert np.mean([decibels(s) for s in anger]) > np.mean([decibels(s) for s in sadness]) + 5
    assert np.mean([len(s) for s in anger]) < 0.9 * np.mean([len(s) for s in sadness])


def test_the_loudness_of_emotions_overlaps():
    loud = [decibels(utter(speaker, "happiness", 1, 1)) for speaker in range(1, 9)]
    soft = [decibels(utter(speaker, "neutral", 1, 1)) for speaker in range(1, 9)]
    assert max(soft) > min(loud)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        ((1, "joy", 1, 1), "Received: emotion='joy'"),
        ((1, "anger", 0, 1), r"sentence must lie in \[1, 8\]. Received: sentence=0"),
        ((1, "anger", 9, 1), "Received: sentence=9"),
        ((0, "anger", 1, 1), "Received: speaker=0, take=1"),
        ((1, "anger", 1, 0), "Received: speaker=1, take=0"),
    ],
)
def test_what_nobody_can_say_is_refused(clip, message):
    with pytest.raises(ParameterError, match=message):
        utter(*clip)
