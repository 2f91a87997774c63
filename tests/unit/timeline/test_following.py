"""From a recording to its timeline: known answers, any length, any blocks."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from speechsent.errors import AudioError, ParameterError
from speechsent.timeline import SpeechConfig, follow, follow_blocks

RATE = 16_000


def levels(*parts):
    """A buzz around a level for some seconds each; the stub tells the level. None is silence."""
    buzz = 0.1 * np.sign(np.sin(2 * np.pi * 200 * (np.arange(RATE * 60) + 0.5) / RATE))
    signals = []
    for seconds, height in parts:
        n = round(seconds * RATE)
        signals.append(np.zeros(n) if height is None else height + buzz[:n])
    return np.concatenate(signals)


@pytest.fixture
def recording(tmp_path):
    """A second of silence, two of 0.8, two of 0.2, a second of silence."""
    path = tmp_path / "talk.wav"
    parts = levels((1, None), (2, 0.8), (2, 0.2), (1, None))
    soundfile.write(path, parts, RATE, subtype="FLOAT")
    return path


def test_known_answers_give_the_timeline_computed_by_hand(stub, recording):
    """Windows of a second, a hop of half a second.

    Windows from 1.0, 1.5 and 2.0 on hear 0.8; that from 2.5 on hears both, so 0.5; those from 3.0
    on hear 0.2. A row is the mean of the two windows over it, of one at the ends.
    """
    found = follow(stub, recording)
    nan = np.nan
    expected = [nan, nan, 0.8, 0.8, 0.8, 0.65, 0.35, 0.2, 0.2, 0.2, nan, nan]
    np.testing.assert_allclose(found.probabilities[:, 0], expected, atol=1e-4)
    np.testing.assert_allclose(found.times, np.arange(12) / 2)
    assert [(s.start, s.end, s.name) for s in found.segments] == [
        (0.0, 1.0, "no speech"), (1.0, 3.0, "anger"), (3.0, 5.0, "neutral"),
        (5.0, 6.0, "no speech"),
    ]  # fmt: skip
    assert found.segments[1].probability == pytest.approx((0.8 * 3 + 0.65) / 4, abs=1e-4)


@pytest.mark.parametrize("block", [0.37, 1.0, 4.9])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_the_length_of_the_blocks_does_not_matter(
    stub, tmp_path, make_voices, monkeypatch, block, rate
):
    """The tail is shorter than the shortest clip, so that a block may end with nothing else."""
    signal, _ = make_voices("anger", "sadness", "fear", noise=0.0005)
    soundfile.write(tmp_path / "talk.wav", signal[: -RATE + 1], rate, subtype="FLOAT")
    whole = follow(stub, tmp_path / "talk.wav", hop=0.3)
    monkeypatch.setattr("speechsent.timeline.following.BLOCK", block)
    cut = follow(stub, tmp_path / "talk.wav", hop=0.3)
    assert cut.duration == whole.duration
    assert [(s.start, s.end, s.name) for s in cut.segments] == [
        (s.start, s.end, s.name) for s in whole.segments
    ]
    np.testing.assert_allclose(cut.values, whole.values, atol=1e-6)


def test_segments_follow_each_other_from_the_first_to_the_last_sample(stub, recording):
    found = follow(stub, recording, hop=0.37)
    assert found.segments[0].start == 0
    assert found.segments[-1].end == found.duration == 6.0
    for one, next_one in zip(found.segments[:-1], found.segments[1:], strict=True):
        assert one.end == next_one.start


def test_live_windows_are_answered_one_by_one_as_soon_as_they_are_full(stub):
    """What is told of the second after 1.0 needs sound up to the window from 1.5 on, no more."""
    signal = levels((1, None), (20, 0.8))
    taken = []

    def blocks():
        for first in range(0, len(signal), 1600):
            taken.append(first)
            yield signal[first : first + 1600]

    live = SpeechConfig(ahead=0.0)
    moments = follow_blocks(stub, blocks(), speech=live, at_once=1)
    first = next(m for m in moments if m.values is not None)
    assert (first.start, first.end) == (1.0, 1.5)
    assert taken[-1] < 3.2 * RATE
    assert set(stub.heard) == {1}


def test_a_long_recording_is_followed_in_the_memory_of_a_minute(stub):
    """What is held is counted: blocks that nobody needs are gone."""
    import weakref

    alive = weakref.WeakSet()

    class Held(np.ndarray):
        __hash__ = object.__hash__

    most = 0
    minute = levels((40, 0.8), (20, None)).astype(np.float32)

    def blocks():
        nonlocal most
        for _ in range(20):
            block = minute.copy().view(Held)
            alive.add(block)
            most = max(most, len(alive))
            yield block

    n_moments = sum(1 for _ in follow_blocks(stub, blocks()))
    assert n_moments == 20 * 60 * 2
    assert most <= 3


def test_a_hop_out_of_range_is_refused(stub, recording):
    for hop in (0.6, 0.0, float("nan")):
        with pytest.raises(ParameterError, match=r"between 0\.05 and 0\.5 s, half a window"):
            follow(stub, recording, hop=hop)


def test_a_file_too_short_or_silent_is_refused(stub, tmp_path):
    soundfile.write(tmp_path / "short.wav", np.ones(800), RATE)
    with pytest.raises(AudioError, match=r"short\.wav: too short: 0\.050 s"):
        follow(stub, tmp_path / "short.wav")
    soundfile.write(tmp_path / "mute.wav", np.zeros(RATE), RATE)
    with pytest.raises(AudioError, match=r"mute\.wav: silent"):
        follow(stub, tmp_path / "mute.wav")


def test_numbers_are_told_over_time(stub, recording):
    found = follow(replace(stub, tells_numbers=True), recording)
    assert [s.name for s in found.segments] == ["no speech", "speech", "no speech"]
    assert found.segments[1].values["anger"] == pytest.approx(0.5, abs=1e-4)
