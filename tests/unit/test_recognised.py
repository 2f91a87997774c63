"""Which files a command is to hear."""

import os

import pytest

from speechsent.errors import AudioError, CorpusError, ParameterError
from speechsent.recognised import audio_files


def make(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_files_stay_as_they_are_and_folders_are_what_lies_below(tmp_path):
    make(tmp_path / "b.WAV", tmp_path / "deep" / "a.flac", tmp_path / "notes.txt")
    told = audio_files([tmp_path / "notes.txt", tmp_path])
    assert told == [tmp_path / "notes.txt", tmp_path / "b.WAV", tmp_path / "deep" / "a.flac"]


def test_what_is_hidden_or_a_folder_is_no_clip(tmp_path):
    """macOS puts ._NAME beside each file on foreign disks."""
    make(tmp_path / "a.wav", tmp_path / "._a.wav", tmp_path / ".trash" / "b.wav")
    (tmp_path / "takes.wav").mkdir()
    assert audio_files([tmp_path]) == [tmp_path / "a.wav"]


def test_links_to_folders_are_followed_and_circles_end(tmp_path):
    make(tmp_path / "elsewhere" / "a.wav")
    here = tmp_path / "here"
    here.mkdir()
    (here / "link").symlink_to(tmp_path / "elsewhere")
    (here / "circle").symlink_to(here)
    assert audio_files([here]) == [here / "link" / "a.wav"]


def test_sound_that_must_be_converted_is_named_and_not_passed_over(tmp_path):
    make(tmp_path / "a.wav", tmp_path / "b.m4a")
    with pytest.raises(AudioError, match=r"b\.m4a: convert it to wav or flac first"):
        audio_files([tmp_path])


def test_a_folder_that_cannot_be_read_is_named_and_not_passed_over(tmp_path, monkeypatch):
    make(tmp_path / "a.wav", tmp_path / "locked" / "b.wav")
    scandir = os.scandir

    def guarded(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", guarded)
    with pytest.raises(CorpusError, match="locked: the folder cannot be read"):
        audio_files([tmp_path])


def test_nothing_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="at least one file"):
        audio_files([])
    with pytest.raises(AudioError, match="without audio files"):
        audio_files([tmp_path])
