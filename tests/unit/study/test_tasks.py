"""What becomes of a training whose process died, told without any training."""

import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from speechsent import study
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import RunError, SaveError, TrainingError
from speechsent.resources import Resources
from speechsent.run import FORMAT, MODEL, PLAN, Run
from speechsent.study import missing, tasks
from speechsent.study.plan import PlannedRun, Study, System
from speechsent.study.tasks import Task, perform, refuse_damaged, sweep


@pytest.fixture
def task(tmp_path):
    planned = PlannedRun(system="lstm", fold=0, seed=0, config=ExperimentConfig(), start=None)
    corpus = Corpus(name="toy", root=tmp_path, utterances=())
    return Task(planned=planned, corpus=corpus, folder=tmp_path / "runs", resources=Resources())


@pytest.fixture(scope="module")
def dead():
    """Number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def leave(task, pid, run="toy/20260101-000000-joint-s0"):
    """A folder as a killed process leaves it."""
    left = task.folder / f".running-{socket.gethostname()}-{pid}-{task.planned.folder}"
    (left / run / "checkpoint").mkdir(parents=True)
    (left / run / "config.yaml").write_text(to_yaml(ExperimentConfig()))
    (left / run / PLAN).write_text("{}")
    return left


def finish(run):
    """Make a run look finished, as training would."""
    run.write_text("config.yaml", to_yaml(ExperimentConfig()))
    run.write_json("run.json", {"format": FORMAT, "finished": "2026", "root": "/x"})
    run.write_text(MODEL, "weights")
    (run.path / PLAN).unlink(missing_ok=True)
    return run


@pytest.fixture
def trained(monkeypatch):
    """What ``train`` and ``resume`` are called with, in turn; both finish the run."""
    calls = []

    def train(config, corpus, *, out, **_):
        calls.append(("train", out))
        return finish(Run.create(out, "toy", "joint-s0"))

    def resume(run, corpus, **_):
        calls.append(("resume", run.path))
        return finish(run)

    monkeypatch.setattr(tasks, "train", train)
    monkeypatch.setattr(tasks, "resume", resume)
    return calls


def test_what_a_dead_process_left_is_gone_on_with(task, dead, trained):
    left = leave(task, dead)
    assert perform(task).failure == ""
    ((what, path),) = trained
    assert what == "resume"
    assert path.parts[-2:] == ("toy", "20260101-000000-joint-s0")
    assert f"-{os.getpid()}-" in path.parts[-3]
    assert not left.exists()
    assert [path.name for path in task.folder.iterdir()] == [task.planned.folder]


@pytest.mark.parametrize("cut", [True, False])
def test_how_long_a_run_took_is_not_known_where_it_was_cut(task, dead, trained, cut):
    """What the dead process had done is no part of the time, and a table would tell less."""
    if cut:
        leave(task, dead)
    perform(task)
    assert (Run(task.path).read_json("study.json")["seconds"] is None) == cut


def test_what_a_living_process_has_is_left_alone(task, trained):
    left = leave(task, os.getppid())
    perform(task)
    assert [what for what, _ in trained] == ["train"]
    assert left.exists()


def test_what_cannot_be_gone_on_with_is_trained_anew(task, dead, trained, monkeypatch):
    leave(task, dead)

    def refuse(*_, **__):
        raise RunError("of another version")

    monkeypatch.setattr(tasks, "resume", refuse)
    assert perform(task).failure == ""
    assert [what for what, _ in trained] == ["train"]
    assert [path.name for path in task.folder.iterdir()] == [task.planned.folder]


@pytest.mark.parametrize(
    ("error", "stays"), [(TrainingError("no"), False), (SaveError("full"), True)]
)
def test_only_a_full_disk_leaves_something_to_go_on_with(
    task, dead, trained, monkeypatch, error, stays
):
    leave(task, dead)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(tasks, "resume", fail)
    assert perform(task).failure == str(error)
    assert bool(list(task.folder.iterdir())) == stays


def test_an_interruption_leaves_it_and_tells_how_to_go_on(task, dead, trained, monkeypatch):
    leave(task, dead)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "resume", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        perform(task)
    assert caught.value.__notes__ == ["start the same command again to go on"]
    assert list(task.folder.glob(".running-*"))


def test_sweeping_spares_what_is_still_wanted(task, dead):
    left = leave(task, dead)
    sweep(task.folder, [task.planned.folder])
    assert left.exists()
    sweep(task.folder, ["another-run"])
    assert not left.exists()


def damage(task):
    """A finished run whose facts were changed by hand."""
    run = finish(Run(task.path))
    file = run.path / "run.json"
    file.write_text(file.read_text().replace('"format": 1', '"format": 9'))
    return run


def test_a_damaged_run_is_told_and_neither_removed_nor_trained_again(task, trained):
    damage(task)
    message = rf"{task.path}: written in format 9.* Remove {task.path}, and the run is trained"
    with pytest.raises(RunError, match=message):
        refuse_damaged([task])
    assert perform(task).failure == task.damage
    assert trained == []
    assert (task.path / "run.json").is_file()


def test_runs_that_are_whole_or_not_there_are_no_damage(task, trained):
    refuse_damaged([task])
    perform(task)
    refuse_damaged([task])
    assert task.damage == ""


def test_a_study_with_a_damaged_run_trains_nothing(task, tmp_path, monkeypatch):
    clips = tuple(
        Utterance(path=tmp_path / f"{s}-{e}.wav", emotion=e, speaker=s)
        for s in "abcd"
        for e in ("anger", "sadness")
    )
    corpus = Corpus(name="toy", root=tmp_path, utterances=clips)
    planned = Study(name="s", systems=(System(name="a", config=ExperimentConfig()),))
    (run,) = planned.runs(1)
    damage(replace(task, planned=run, folder=tmp_path / "s" / "runs"))
    monkeypatch.setattr(missing, "one_by_one", lambda *_: pytest.fail("trained"))
    with pytest.raises(RunError, match="written in format 9"):
        study.ablate(planned, corpus, out=tmp_path)
