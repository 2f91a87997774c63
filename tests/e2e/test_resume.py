"""Trainings that are cut from outside and gone on with, as a user does both."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

from speechsent.cli import main
from speechsent.experiment import evaluate
from speechsent.locking import locked
from speechsent.run import Run

ROOT = Path(__file__).parents[2]


def start(*arguments):
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "speechsent", "train", *map(str, arguments), "--quiet"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_step(process, folder, after=(0, 0)):
    """Wait until a checkpoint of a later step is there."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        for path in folder.rglob("[ab].checkpoint"):
            if place(path) > after:
                return
        time.sleep(0.01)
    raise AssertionError(process.communicate()[1])


def place(checkpoint):
    """Epoch and step of a checkpoint, as its second line tells them."""
    facts = json.loads(checkpoint.read_bytes().split(b"\n")[1])
    return facts["epoch"], facts["step"]


def weights(run):
    found = {}
    with h5py.File(run / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()].tobytes()}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def only(folder):
    (config,) = folder.rglob("config.yaml")
    return config.parent


@pytest.fixture(scope="module")
def cut(voices, tiny, tmp_path_factory):
    """A joint training that SIGTERM has ended: its folder, exit status, and what it told."""
    out = tmp_path_factory.mktemp("cut")
    options = ["--fusion", "joint", "--config", tiny, "--out", out, "--checkpoint-every", "0"]
    process = start(voices, *options)
    wait_for_step(process, out)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate()
    return only(out), process.returncode, told


@pytest.fixture
def copy(cut, tmp_path):
    """A copy of that folder to go on with."""
    return Path(shutil.copytree(cut[0], tmp_path / "copy"))


@pytest.mark.slow
def test_sigterm_ends_with_143_and_the_command_to_go_on(cut, capsys):
    run, status, told = cut
    assert status == 143
    way_on = f"speechsent: go on with: speechsent train --resume {run}"
    assert told.splitlines() == ["speechsent: interrupted", way_on]
    assert main(["runs", "list", str(run.parent)]) == 0
    assert f"unfinished, go on with: speechsent train --resume {run}" in capsys.readouterr().out
    assert main(["evaluate", "--run", str(run)]) == 1
    assert "its training is not finished; go on with" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_while_it_goes_on_it_ends_as_if_nothing_had_happened(cut, copy, workplace, capsys):
    """The run of the fixture had the same configuration, and was never cut."""
    plan = (copy / "checkpoint" / "plan.json").read_bytes()
    before = max(map(place, copy.rglob("[ab].checkpoint")))
    process = start("--resume", copy, "--checkpoint-every", "0")
    wait_for_step(process, copy, after=before)
    process.kill()
    process.communicate()
    assert (copy / "checkpoint" / "plan.json").read_bytes() == plan
    assert main(["train", "--resume", str(copy), "--quiet"]) == 0
    whole = Run.newest(workplace / "runs").path
    assert weights(copy) == weights(whole)
    for name in ("history.csv", "predictions.csv", "scores.json", "stages.json", "split.csv"):
        assert (copy / name).read_bytes() == (whole / name).read_bytes(), name
    assert len(Run.open(copy).facts["resumed"]) == 2
    assert all((r["epoch"], r["step"]) > (1, 0) for r in Run.open(copy).facts["resumed"])
    assert not [path for path in copy.rglob("*") if path.name.startswith((".", "checkpoint"))]
    capsys.readouterr()
    assert main(["train", "--resume", str(copy)]) == 0
    told = capsys.readouterr()
    assert f"{copy}: was finished already" in told.err
    assert f"run {copy}" in told.out


def refused(capsys, run, *options):
    """What going on is refused with, in one line."""
    assert main(["train", "--resume", str(run), *map(str, options)]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("speechsent")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.slow
def test_another_configuration_is_refused(copy, capsys):
    told = refused(capsys, copy, "--epochs", "3", "--no-test")
    assert "Received: --no-test, fit.epochs beside it" in told
    with (copy / "config.yaml").open("a") as file:
        file.write("# changed\n")
    assert f"{copy / 'config.yaml'}: is not as it was when the training began" in refused(
        capsys, copy
    )


@pytest.mark.slow
def test_another_corpus_is_refused_and_the_clip_is_named(copy, voices, tmp_path, capsys):
    moved = Path(shutil.copytree(voices, tmp_path / "voices"))
    first, second = sorted(moved.rglob("*.wav"))[:2]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert f"{first}: its content has changed since the training of" in refused(capsys, copy, moved)
    first.write_bytes(content)
    second.unlink()
    assert f"{second}: a clip that is gone since the training of" in refused(capsys, copy, moved)


@pytest.mark.slow
def test_a_plan_of_another_format_is_refused(copy, capsys):
    path = copy / "checkpoint" / "plan.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    assert f"{path}: of format 99, this version reads 1" in refused(capsys, copy)


@pytest.mark.slow
def test_two_processes_do_not_go_on_with_one_run(copy, capsys):
    with locked(copy / "checkpoint" / "lock"):
        assert f"{copy}: is being trained by process {os.getpid()}" in refused(capsys, copy)


def test_a_folder_without_a_training_is_refused(tmp_path, capsys):
    assert "no such run folder" in refused(capsys, tmp_path / "nothing")
    assert "no training that could be gone on with" in refused(capsys, tmp_path)


def test_a_run_that_cannot_be_written_is_evaluated_elsewhere(
    workplace, tmp_path, monkeypatch, capsys
):
    run = Run.newest(workplace / "runs")
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != run.path)
    assert main(["evaluate", "--run", str(run.path)]) == 1
    assert f"{run.path}: cannot be written; name a folder" in capsys.readouterr().err
    evaluation = evaluate(run, out=tmp_path)
    assert evaluation.times_seen == 1
    assert (tmp_path / "tests_seen.json").is_file()
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before
