"""Speech is found where it was put."""

from itertools import groupby

import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.timeline.speech import SpeechConfig, hear

RATE = 16_000
DEFAULT = SpeechConfig()
LIVE = SpeechConfig(ahead=0.0)


def stretches(signal, config=DEFAULT, block=None):
    """Begin and end of each stretch of speech in seconds."""
    size = block or max(1, len(signal))
    blocks = [signal[i : i + size] for i in range(0, len(signal), size)]
    found, now = [], 0
    for speech, group in groupby(hear(blocks, sample_rate=RATE, config=config), lambda f: f[1]):
        end = now + sum(len(samples) for samples, _ in group)
        if speech:
            found.append((now / RATE, end / RATE))
        now = end
    assert now == len(signal)
    return found


def tone(seconds, amplitude=0.1):
    return amplitude * np.sin(2 * np.pi * 200 * np.arange(round(seconds * RATE)) / RATE)


def quiet(seconds):
    return np.zeros(round(seconds * RATE))


@pytest.mark.parametrize("noise", [0.0, 0.0003, 0.003])
@pytest.mark.parametrize("gain", [1.0, 0.1])
def test_voices_between_pauses_are_found_within_a_tenth_of_a_second(make_voices, noise, gain):
    """Digital silence, or a floor of noise that is some 70 to 30 dB below the voices."""
    signal, expected = make_voices("anger", "neutral", "happiness", noise=noise * gain, gain=gain)
    np.testing.assert_allclose(stretches(signal), expected, atol=0.1)


def test_live_sound_is_judged_by_what_came_before(make_voices):
    signal, expected = make_voices("anger", "neutral", noise=0.0003)
    np.testing.assert_allclose(stretches(signal, LIVE), expected, atol=0.1)


@pytest.mark.parametrize("block", [1, 333, 16_000, 77_777])
def test_how_the_blocks_are_cut_does_not_matter(make_voices, block):
    signal, _ = make_voices("anger", "sadness", noise=0.001)
    signal = signal[:40_000] if block == 1 else signal
    assert stretches(signal, block=block) == stretches(signal)


def test_a_pause_is_bridged_up_to_its_longest_and_not_beyond():
    """Tones with pauses of 0.30 and 0.32 seconds; 0.3 is the longest."""
    parts = [quiet(1), tone(1), quiet(0.3), tone(1), quiet(0.32), tone(1), quiet(1)]
    found = stretches(np.concatenate(parts))
    np.testing.assert_allclose(found, [(1.0, 3.3), (3.62, 4.62)], atol=1e-9)


def test_what_is_shorter_than_the_shortest_is_no_speech():
    """A knock of 0.1 s is dropped, a word of 0.2 s is kept; 0.15 is the shortest."""
    parts = [quiet(1), tone(0.1), quiet(1), tone(0.2), quiet(1)]
    np.testing.assert_allclose(stretches(np.concatenate(parts)), [(2.1, 2.3)], atol=1e-9)


def test_steady_noise_and_silence_are_no_speech(rng):
    assert stretches(0.1 * rng.standard_normal(RATE * 5)) == []
    assert stretches(np.zeros(RATE)) == []
    assert stretches(np.zeros(0)) == []


def test_the_floor_follows_the_noise_of_a_long_recording(rng):
    """Where noise grows for good, it counts as noise, and speech above it is found."""
    noise = rng.standard_normal(RATE * 240) * np.repeat([0.0005, 0.01], RATE * 120)
    for second in (60, 180):
        noise[second * RATE : (second + 2) * RATE] += tone(2, amplitude=0.3)
    found = stretches(noise)
    assert found[0] == pytest.approx((60, 62), abs=0.1)
    assert found[-1] == pytest.approx((180, 182), abs=0.1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("above_noise", 0), ("above_noise", 50), ("longest_pause", 0), ("shortest", 11),
     ("context", -1), ("ahead", float("nan"))],
)  # fmt: skip
def test_fields_out_of_range_are_refused(field, value):
    with pytest.raises(ParameterError, match=f"Received: {field}={value}"):
        SpeechConfig(**{field: value})
