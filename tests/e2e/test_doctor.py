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


@pytest.mark.slow
def test_twelve_clips_are_learnt_by_heart(voices, tiny, capsys):
    options = ["--fusion", "lstm", "--overfit", "--quiet"]
    assert main(["doctor", str(voices), "--config", str(tiny), *options]) == 0
    assert "12 samples learnt by heart in " in capsys.readouterr().out


def test_an_old_log_is_told_and_written(tmp_path, capsys):
    """A head on a frozen network that never learned, as Keras printed it in 2018."""
    line = " - 2s - loss: 7.0776 - acc: 0.5560 - val_loss: 6.7163 - val_acc: 0.5787\n"
    (tmp_path / "log.txt").write_text(f"Epoch 1/2\n{line}Epoch 2/2\n{line}")
    written = tmp_path / "found.json"
    command = ["doctor", "--log", str(tmp_path / "log.txt")]
    assert main([*command, "--json", str(written)]) == 3
    assert capsys.readouterr().out.startswith("error    saturated-loss: training, loss\n")
    plain = json.loads(written.read_text())
    assert plain["errors"] == 1
    assert plain["findings"][0].keys() >= {"name", "severity", "seen", "expected", "why", "remedy"}
    assert main([*command, "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == plain


def test_a_finished_run_has_no_error_of_its_own(workplace, capsys):
    """Two epochs on four voices come to little, but nothing leaks."""
    run = next((workplace / "runs").glob("*/*"))
    assert main(["doctor", "--run", str(run)]) in (0, 3)
    out = capsys.readouterr().out
    leaks = ("speakers-shared", "stage-leak", "on-training-samples", "audit-leak", "never-trained")
    assert not [leak for leak in leaks if leak in out]
    assert "looked at split.csv, stages.json, history.csv, scores.json" in out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["corpus", "--log", "x"], "stand alone"),
        (["--log", "x", "--json", "."], "a folder"),
        (["--log", "gone.csv"], "gone.csv: no such file\n"),
        (["--run", "gone"], "gone: no such run folder"),
        (["--model", "gone.h5"], "gone.h5: not an HDF5 file"),
    ],
)
def test_what_cannot_be_examined_is_one_line(options, message, capsys):
    assert main(["doctor", *options]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_a_corpus_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["doctor", str(tmp_path / "gone"), "--quiet"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
