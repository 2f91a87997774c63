"""How a command ends when a place that was named cannot be reached."""

import os
from pathlib import Path

import pytest

from speechsent.cli import main

COMMANDS = (
    ("predict", "clip.wav", "--timeline", "--out", "{}.csv"),
    ("predict", "--runtime", "onnx", "{}", "clip.wav"),
    ("runs", "list", "{}"),
    ("runs", "show", "{}"),
    ("corpus", "inspect", "{}"),
    ("corpus", "fetch", "savee", "new", "--accept-licence", "--archive", "{}"),
    ("corpus", "fetch", "savee", "{}", "--accept-licence", "--archive", "x.zip"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_name_that_is_too_long_is_one_line(words, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    name = "x" * 300
    assert main([word.format(name) for word in words]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("speechsent: ")
    assert name in told
    assert "File name too long" in told


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_place_in_a_folder_nobody_may_enter_is_one_line(words, monkeypatch, tmp_path, capsys):
    """As for all but root; who is root may enter every folder."""
    monkeypatch.chdir(tmp_path)
    stat = os.stat

    def refused(path, *args, **options):
        if isinstance(path, (str, Path)) and "closed" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **options)

    monkeypatch.setattr(os, "stat", refused)
    assert main([word.format("closed/in") for word in words]) == 1
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("speechsent: ")
    assert "closed/in" in told
    assert "Permission denied" in told
