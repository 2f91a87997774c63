"""The model in memory: the same answers as evaluation, and long files in small memory."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from speechsent import audio
from speechsent.answers import Classes
from speechsent.config import from_dict, to_yaml
from speechsent.errors import AudioError
from speechsent.features.standardize import Standardizer, Statistics
from speechsent.network import assemble, build_branches
from speechsent.recogniser import Recogniser
from speechsent.run import MODEL, STATISTICS, Run


@pytest.fixture(scope="module")
def recogniser(tmp_path_factory):
    """A small network with the weights it was born with."""
    small = {
        "log_mel": {"n_mels": 16},
        "mfcc": {"n_mfcc": 4},
        "view": {"seconds": 1.0, "trim_db": 0},
        "cnn": {"stem": [4], "channels": 4, "embedding": 4},
        "lstm": {"channels": 4, "units": [4], "embedding": 4},
    }
    config = from_dict(small)
    run = Run.create(tmp_path_factory.mktemp("runs"), "toy", "joint")
    run.write_text("config.yaml", to_yaml(config))
    run.write_json("labels.json", ["anger", "fear", "neutral"])
    with run.writing(MODEL) as path:
        assemble(build_branches(config), config, Classes(3)).save_weights(path)
    widths = {"log_mel": 16, "mfcc": 12}
    statistics = {
        view: Statistics(np.zeros(n, np.float32), np.full(n, 10, np.float32))
        for view, n in widths.items()
    }
    with run.writing(STATISTICS) as path:
        Standardizer("corpus", statistics).save(path)
    return Recogniser(run)


def speech(rng, seconds, rate=16_000):
    """Noise that swells, so that blocks differ."""
    n = round(seconds * rate)
    return (0.1 * rng.standard_normal(n) * (1.2 + np.sin(np.arange(n) / rate))).astype("float32")


def shorten(recogniser, monkeypatch):
    """Let five seconds be the longest clip."""
    audio = replace(recogniser.extractor.audio, max_seconds=5.0)
    monkeypatch.setattr(recogniser, "extractor", replace(recogniser.extractor, audio=audio))


def test_probabilities_sum_to_one(recogniser, rng):
    assert recogniser.signal(speech(rng, 1.0)).sum() == pytest.approx(1, abs=1e-5)


def test_a_clip_is_the_mean_of_its_windows(recogniser, rng):
    signal = speech(rng, 4.0)
    windows = recogniser.windows(signal)
    assert len(windows) > 2
    np.testing.assert_allclose(recogniser.signal(signal), windows.mean(axis=0), atol=1e-6)


def test_a_long_file_is_the_mean_of_its_blocks_without_the_silent_ones(
    recogniser, rng, tmp_path, monkeypatch
):
    """The limit on clips is lowered, so that six seconds are long."""
    monkeypatch.setattr("speechsent.recogniser.BLOCK", 2.0)
    shorten(recogniser, monkeypatch)
    first, last = speech(rng, 2.0), speech(rng, 2.0)
    signal = np.concatenate([first, np.zeros(32_000, "float32"), last])
    soundfile.write(tmp_path / "long.wav", signal, 16_000, subtype="FLOAT")
    expected = np.concatenate([recogniser.windows(first), recogniser.windows(last)]).mean(axis=0)
    np.testing.assert_allclose(recogniser.file(tmp_path / "long.wav"), expected, atol=1e-6)


def test_a_long_silent_file_is_refused(recogniser, tmp_path, monkeypatch):
    shorten(recogniser, monkeypatch)
    soundfile.write(tmp_path / "mute.wav", np.zeros(16_000 * 6), 16_000)
    with pytest.raises(AudioError, match=r"mute\.wav: silent"):
        recogniser.file(tmp_path / "mute.wav")


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_long_file_no_block_of_which_has_sound_is_refused(
    recogniser, tmp_path, monkeypatch, rate
):
    """A click of one sample is lost at a third of the rate; what is behind the last block, always.

    Without a block there is no mean, and nan was told of the clip.
    """
    shorten(recogniser, monkeypatch)
    monkeypatch.setattr("speechsent.recogniser.BLOCK", 2.0)
    quiet = np.zeros(6 * rate + rate // 20, "float32")
    quiet[-5] = 0.5 if rate == 16_000 else 1.05e-4
    soundfile.write(tmp_path / "quiet.wav", quiet, rate, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"quiet\.wav: silent: no block"):
        recogniser.file(tmp_path / "quiet.wav")


def test_blocks_at_another_rate_join_without_a_seam(tmp_path):
    """A tone keeps its frequency and its length."""
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100 * 3) / 44_100)
    soundfile.write(tmp_path / "tone.wav", tone, 44_100)
    pieces = list(audio.blocks(tmp_path / "tone.wav", seconds=0.7))
    assert [len(piece) for piece in pieces] == [11_200] * 4 + [3_200]
    signal = np.concatenate(pieces)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 16_000)
    np.testing.assert_allclose(signal[500:-500], expected[500:-500], atol=2e-3)


def test_clips_are_calibrated_and_windows_are_not(recogniser, rng, tmp_path):
    """With a temperature of two, probabilities are square roots, scaled to a sum of one."""
    signal = speech(rng, 4.0)
    soundfile.write(tmp_path / "clip.wav", signal, 16_000, subtype="FLOAT")
    windows, mean = recogniser.windows(signal), recogniser.signal(signal)
    facts = {"temperature": 2.0, "n_validation": 9, "ece_before": 0.2, "ece_after": 0.1}
    recogniser.run.write_json("calibration.json", facts)
    try:
        calibrated = Recogniser(recogniser.run)
    finally:
        (recogniser.run.path / "calibration.json").unlink()
    expected = np.sqrt(mean) / np.sqrt(mean).sum()
    np.testing.assert_allclose(calibrated.signal(signal), expected, atol=1e-5)
    np.testing.assert_allclose(calibrated.file(tmp_path / "clip.wav"), expected, atol=1e-5)
    np.testing.assert_allclose(calibrated.windows(signal), windows, atol=1e-6)
