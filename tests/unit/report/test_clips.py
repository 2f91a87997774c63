"""What a clip in detail weighs, and what stays of its sound."""

import io

import numpy as np
import pytest
import soundfile

from speechsent.config import ExperimentConfig, from_dict
from speechsent.corpus.utterance import Utterance
from speechsent.report.attribution import Attribution
from speechsent.report.clips import _heard
from speechsent.report.material import Detail
from speechsent.report.sound import MAX_SECONDS, hear

RATE = 16_000
LIMIT = 15_000_000


@pytest.fixture
def noise(tmp_path, rng):
    """Three seconds that no compression makes small."""
    path = tmp_path / "noise.wav"
    soundfile.write(path, 0.1 * rng.normal(size=3 * RATE), RATE)
    return Utterance(path=path, emotion="anger")


def test_three_hundred_clips_of_three_seconds_weigh_less_than_15_megabytes(noise, rng):
    heard = hear(noise, ExperimentConfig())
    n_frames = heard.levels.shape[1]
    attribution = Attribution(rng.random((8, n_frames)), rng.uniform(-1, 1, n_frames))
    detail = Detail(index=0, heard=heard, attribution=attribution, explained="anger")
    page = _heard(detail, "noise.wav")
    assert page.count("data:image/png") == 2
    assert 300 * len(page) < 0.8 * LIMIT


def test_what_is_heard_is_what_the_features_saw(tmp_path):
    """A tone between two rests: the rests are cut, and picture and sound have one length."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    rest = 1e-5 * np.ones(RATE)
    soundfile.write(tmp_path / "tone.wav", np.concatenate([rest, tone, rest]), RATE)
    config = ExperimentConfig()
    clip = Utterance(path=tmp_path / "tone.wav", emotion="anger")
    heard = hear(clip, config)
    assert len(config.extractor.read(clip)["log_mel"]) == heard.levels.shape[1]
    assert heard.seconds == pytest.approx(1.1, abs=0.1)
    signal, rate = soundfile.read(io.BytesIO(heard.mp3))
    assert rate == RATE
    assert len(signal) / RATE == pytest.approx(heard.seconds, abs=0.15)  # MP3 pads its ends
    spectrum = np.abs(np.fft.rfft(signal))
    assert np.fft.rfftfreq(len(signal), 1 / RATE)[spectrum.argmax()] == pytest.approx(440, abs=2)


@pytest.mark.parametrize("rate", [10_000, 48_000])
def test_a_run_of_any_rate_has_sound_of_16_khz(tmp_path, rate):
    """MP3 has no 10 kHz, and at 48 kHz a page would weigh two and a half times as much."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    soundfile.write(tmp_path / "tone.wav", tone, RATE)
    config = from_dict(
        {name: {"sample_rate": rate} for name in ("audio", "prosody")}
        | {"log_mel": {"sample_rate": rate, "fmax": 5_000}}
    )
    heard = hear(Utterance(path=tmp_path / "tone.wav", emotion="anger"), config)
    signal, told = soundfile.read(io.BytesIO(heard.mp3))
    assert told == RATE
    assert len(signal) / RATE == pytest.approx(2, abs=0.2)
    spectrum = np.abs(np.fft.rfft(signal))
    assert np.fft.rfftfreq(len(signal), 1 / RATE)[spectrum.argmax()] == pytest.approx(440, abs=2)
    assert len(heard.mp3) * 8 / 2 < 40_000


def test_a_long_clip_is_cut(tmp_path, rng):
    soundfile.write(tmp_path / "long.wav", 0.1 * rng.normal(size=20 * RATE), RATE)
    heard = hear(Utterance(path=tmp_path / "long.wav", emotion="anger"), ExperimentConfig())
    assert heard.seconds == pytest.approx(MAX_SECONDS)
