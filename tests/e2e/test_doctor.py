"""The command ``doctor``: what it prints, and its exit status."""

import json

import pytest

from speechsent import preflight
from speechsent.cli import main
from speechsent.doctor import Diagnosis, Finding


def test_help_shows_examples_and_the_exit_status(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["doctor", "--help"])
    assert exit_.value.code == 0
    out = capsys.readouterr().out
    assert "speechsent doctor corpus/" in out.split("examples:")[1]
    assert "3 something will not train as meant" in out


def test_what_train_would_train_on_the_voices_is_clean(voices, tiny, capsys):
    assert main(["doctor", str(voices), "--config", str(tiny), "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("looked at the layers, the loss, ")
    assert "error" not in lines[-1]


def test_warnings_are_told_and_exit_with_0(voices, tiny, capsys):
    options = ["--fusion", "cnn", "--set", "fit.batch_size=4", "--json"]
    assert main(["doctor", str(voices), "--config", str(tiny), *options]) == 0
    diagnosis = json.loads(capsys.readouterr().out)
    assert diagnosis["errors"] == 0
    assert "batch-too-small-for-batchnorm" in [f["name"] for f in diagnosis["findings"]]


def test_an_error_exits_with_3(monkeypatch, capsys):
    told = dict.fromkeys(("seen", "expected", "why", "remedy"), "…")
    finding = Finding(name="no-gradient", severity="error", at="lstm", **told)
    monkeypatch.setattr(preflight, "preflight", lambda *_, **__: Diagnosis((finding,), ("a",)))
    assert main(["doctor", "--quiet"]) == 3
    assert capsys.readouterr().out.startswith("error    no-gradient: lstm\n")


def test_a_corpus_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["doctor", str(tmp_path / "gone"), "--quiet"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
