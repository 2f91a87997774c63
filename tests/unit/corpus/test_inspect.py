import json
import os
import shutil

import numpy as np
import pytest
import soundfile

from speechsent.audio import AudioConfig
from speechsent.corpus.inspect import Spread, inspect
from speechsent.corpus.open import read_corpus

RATE = 16_000


def write_tone(path, seconds, amplitude, n_channels=1):
    """A sine; its RMS is its amplitude less 3.01 dB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(int(seconds * RATE)) / RATE
    tone = amplitude * np.sin(2 * np.pi * 200 * time)
    soundfile.write(path, np.tile(tone[:, None], n_channels), RATE, subtype="FLOAT")


@pytest.fixture
def summary(tmp_path):
    write_tone(tmp_path / "Angry/03-01-05-01-02-01-12.wav", seconds=1.0, amplitude=0.1)
    shutil.copy(tmp_path / "Angry/03-01-05-01-02-01-12.wav", tmp_path / "Angry/own.wav")
    write_tone(tmp_path / "fear/loud.wav", seconds=4.0, amplitude=0.5, n_channels=2)
    (tmp_path / "fear/broken.wav").write_bytes(b"no sound")
    return inspect(read_corpus(tmp_path))


def test_names_are_counted(summary):
    assert summary.n_utterances == 4
    assert summary.emotions == {"anger": 2, "fear": 2}
    assert summary.speakers == {"ravdess/12": 1, "unknown": 3}
    assert summary.genders == {"female": 1, "unknown": 3}
    assert summary.sentences == {"dogs": 1, "unknown": 3}
    assert summary.spellings == {"Angry": "anger", "fear": "fear"}


def test_sound_is_measured(summary):
    assert summary.seconds == pytest.approx(6.0)
    assert summary.duration == Spread(minimum=1.0, median=1.0, maximum=4.0)
    assert summary.level.minimum == pytest.approx(-23.01, abs=0.01)
    assert summary.level.maximum == pytest.approx(-9.03, abs=0.01)
    assert summary.sample_rates == {RATE: 3}
    assert summary.channels == {1: 2, 2: 1}


def test_broken_files_are_listed_not_raised(summary):
    assert [r.path.name for r in summary.refused] == ["broken.wav"]


def test_identical_files_are_found(summary):
    assert summary.identical == (("Angry/03-01-05-01-02-01-12.wav", "Angry/own.wav"),)


def test_the_summary_is_ready_for_json(summary):
    plain = json.loads(json.dumps(summary.as_dict()))
    assert plain["duration"] == {"minimum": 1.0, "median": 1.0, "maximum": 4.0}
    assert plain["refused"][0]["path"].endswith("broken.wav")
    assert len(plain["identical"][0]) == 2


def test_where_every_file_is_refused_json_has_no_numbers_and_no_nan(tmp_path):
    write_tone(tmp_path / "fear/short.wav", seconds=0.01, amplitude=0.1)
    plain = inspect(read_corpus(tmp_path)).as_dict()
    assert plain["duration"] == {"minimum": None, "median": None, "maximum": None}
    assert json.dumps(plain, allow_nan=False)


def test_what_is_odd_about_a_file_is_listed(tmp_path):
    write_tone(tmp_path / "fear/loud.wav", seconds=1.0, amplitude=1.5)
    (warned,) = inspect(read_corpus(tmp_path)).warned
    assert warned.endswith("fear/loud.wav: samples exceed full scale (peak 1.50)")


def test_a_file_that_may_not_be_read_is_not_compared(tmp_path, monkeypatch):
    write_tone(tmp_path / "fear/a.wav", seconds=1.0, amplitude=0.1)
    write_tone(tmp_path / "fear/b.wav", seconds=1.0, amplitude=0.1)
    corpus = read_corpus(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "b.wav")
    assert inspect(corpus).identical == ()


def test_stretches_are_measured_for_themselves(tmp_path):
    write_tone(tmp_path / "a.wav", seconds=3.0, amplitude=0.1)
    rows = "file,emotion,start,end\na.wav,anger,0,1\na.wav,fear,1,\n"
    (tmp_path / "clips.csv").write_text(rows)
    summary = inspect(read_corpus(tmp_path / "clips.csv"))
    assert summary.duration == Spread(minimum=1.0, median=1.5, maximum=2.0)
    assert summary.identical == ()


def test_the_audio_configuration_decides_what_is_refused(tmp_path):
    write_tone(tmp_path / "anger/a.wav", seconds=1.0, amplitude=0.1)
    summary = inspect(read_corpus(tmp_path), AudioConfig(max_seconds=0.5))
    assert "too long" in summary.refused[0].reason
    assert summary.seconds == 0.0
    assert np.isnan(summary.duration.median)


def test_a_file_that_has_gone_is_refused(tmp_path):
    write_tone(tmp_path / "anger/a.wav", seconds=1.0, amplitude=0.1)
    corpus = read_corpus(tmp_path)
    (tmp_path / "anger/a.wav").unlink()
    assert [r.reason for r in inspect(corpus).refused] == ["no such file"]
