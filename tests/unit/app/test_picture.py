"""The spectrogram: where a tone lies, and what silence does."""

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="needs the extra [app]")

from speechsent.app import picture as module
from speechsent.app.picture import N_COLUMNS, N_MELS, picture
from speechsent.features.spectrum import hz_to_mel

RATE = 16_000


def tone(hz, seconds):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def written(path, signal, rate=RATE):
    soundfile.write(path, signal, rate)
    return path


@pytest.mark.parametrize("hz", [300, 1000, 4000])
def test_a_tone_lies_at_its_pitch_with_low_ones_first(tmp_path, hz):
    found = picture(written(tmp_path / "a.wav", tone(hz, 1.0)))
    row = found.shades[:, 20:80].mean(axis=1).argmax()
    expected = hz_to_mel(hz) / hz_to_mel(found.top) * (N_MELS + 1) - 1
    assert row == pytest.approx(float(expected), abs=1)


def test_silence_within_keeps_its_place(tmp_path):
    rest = np.zeros(2 * RATE)
    signal = np.concatenate([tone(500, 1.0), rest, tone(500, 1.0)])
    shades = picture(written(tmp_path / "a.wav", signal)).shades.max(axis=0)
    quarter = len(shades) // 4
    assert shades[:quarter].min() > 200
    assert shades[quarter + 5 : 3 * quarter - 5].max() == 0
    assert shades[3 * quarter + 1 : -1].min() > 200


def test_a_long_clip_is_no_wider_and_its_end_is_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 5.0)
    signal = np.concatenate([np.zeros(30 * RATE), tone(500, 10.0)])
    found = picture(written(tmp_path / "a.wav", signal)).shades
    assert found.shape == (N_MELS, N_COLUMNS)
    loud = np.flatnonzero(found.max(axis=0) > 200)
    assert loud[0] == pytest.approx(0.75 * N_COLUMNS, abs=2)
    assert loud[-1] == N_COLUMNS - 1


def test_how_the_clip_is_cut_into_blocks_hardly_matters(tmp_path, monkeypatch, rng):
    path = written(tmp_path / "a.wav", rng.normal(0, 0.1, 20 * RATE))
    whole = picture(path).shades.astype(int)
    monkeypatch.setattr(module, "BLOCK", 3.0)
    cut = picture(path).shades.astype(int)
    assert np.median(np.abs(whole - cut)) <= 2


def test_it_survives_as_json(tmp_path):
    found = picture(written(tmp_path / "a.wav", tone(500, 0.5)))
    told = found.to_dict()
    assert (told["rows"], told["columns"]) == found.shades.shape


def test_a_clip_that_is_long_enough_for_a_run_is_long_enough_for_a_picture(tmp_path):
    """``audio.min_seconds`` of a run may be less than that of other runs."""
    tone = 0.3 * np.sin(2 * np.pi * 1_000 * np.arange(800) / 16_000)
    soundfile.write(tmp_path / "short.wav", tone, 16_000)
    assert picture(tmp_path / "short.wav").shades.max() == 255
