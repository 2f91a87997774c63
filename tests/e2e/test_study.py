"""Studies as users run them: killed and gone on with, in processes, on a cluster, with failures."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import speechsent
from speechsent.cli import main

ROOT = Path(__file__).parents[2]
STUDY = {
    "name": "small",
    "seeds": [0, 1],
    "reference": "lstm",
    "systems": {
        "cnn": {"fusion.mode": "cnn"},
        "lstm": {"fusion.mode": "lstm"},
        "frozen": {"fusion.mode": "frozen"},
    },
    "combine": {
        how: {"how": how, "of": ["cnn", "lstm"]} for how in ("average", "weighted", "stacked")
    },
}


@pytest.fixture
def study(tmp_path, tiny, monkeypatch):
    """The file of a study over tiny networks, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump({**STUDY, "base": yaml.safe_load(tiny.read_text())}))
    return file


def times(folder):
    """When each run was finished; a run that was trained again has another time."""
    runs = sorted((folder / "runs").glob("[!.]*"))
    return {run.name: json.loads((run / "run.json").read_text())["finished"] for run in runs}


def without_minutes(table):
    """The table's lines but for how long the runs took."""
    return [line.rpartition("|")[0].rpartition("|")[0] for line in table.splitlines()]


@pytest.mark.slow
def test_a_killed_study_goes_on_to_the_same_table_and_repeats_no_run(study, voices, capfd):
    command = [sys.executable, "-m", "speechsent", "ablate", str(study), str(voices), "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.Popen([*command, "--out", "killed"], env=environment)
    folder = Path("killed/small")
    deadline = time.monotonic() + 240
    while len(list(folder.glob("runs/[!.]*"))) < 2 and time.monotonic() < deadline:
        assert killed.poll() is None
        time.sleep(0.1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = times(folder)
    assert 2 <= len(before) < 6
    assert main([*command[3:], "--out", "killed"]) == 0
    after = times(folder)
    assert len(after) == 6
    assert {name: after[name] for name in before} == before
    assert not list(folder.glob("runs/.running*"))
    assert main([*command[3:], "--out", "whole"]) == 0
    tables = [Path(out, "small", "table.md").read_text() for out in ("killed", "whole")]
    assert without_minutes(tables[0]) == without_minutes(tables[1])
    for name in ("cnn", "lstm", "frozen", "average", "weighted", "stacked"):
        assert f"| {name} |" in tables[0]
    for file in ("table.csv", "table.tex", "table.png", "table.json", "study.yaml"):
        assert (folder / file).stat().st_size > 100
    assert "6 were there" not in capfd.readouterr().out


@pytest.mark.slow
def test_processes_train_the_same_runs(study, voices):
    one = speechsent.ablate(study, voices, out="one")
    other = speechsent.ablate(study, voices, out="other", n_workers=2)
    assert other.n_trained == 6
    assert without_minutes(one.markdown()) == without_minutes(other.markdown())


@pytest.mark.slow
def test_a_lost_worker_of_a_cluster_loses_no_run(study, voices, dask, two_workers):
    study.write_text(study.read_text().replace("seeds:\n- 0\n- 1", "seeds:\n- 0\n- 1\n- 2"))
    command = [sys.executable, "-m", "speechsent", "ablate", str(study), str(voices), "--quiet"]
    command += ["--cluster", dask.address]
    running = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
    folder = Path("studies/small")
    deadline = time.monotonic() + 240
    while not list(folder.glob("runs/[!.]*")) and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.1)
    two_workers[0].kill()
    assert running.wait(timeout=400) == 0
    assert len(times(folder)) == 9
    serial = speechsent.ablate(study, voices, out="serial")
    table = (folder / "table.md").read_text()
    assert without_minutes(table) == without_minutes(serial.markdown())


def test_archived_numbers_stand_for_runs_that_are_gone(study, voices):
    raw = yaml.safe_load(study.read_text())
    raw["systems"] = {name: {"fusion.mode": name} for name in ("cnn", "lstm")}
    study.write_text(yaml.safe_dump({**raw, "seeds": [0]}))
    first = speechsent.ablate(study, voices, archive="kept")
    assert (first.n_trained, first.n_found) == (2, 0)
    assert {path.name for path in Path("kept").iterdir()} == {"cnn-f0-s0", "lstm-f0-s0"}
    shutil.rmtree("studies")
    again = speechsent.ablate(study, voices, archive="kept")
    assert (again.n_trained, again.n_found) == (0, 2)
    assert again.markdown() == first.markdown()
    raw["systems"]["lstm"]["lstm.dropout"] = 0.1
    study.write_text(yaml.safe_dump({**raw, "seeds": [0]}))
    told = dict(speechsent.study.plan(speechsent.load_study(study), voices, archive="kept"))
    assert sorted((name.partition("-")[0], done) for name, done in told.items()) == [
        ("cnn", True),
        ("lstm", False),
    ]
    changed = speechsent.ablate(study, voices, archive="kept")
    assert (changed.n_trained, changed.n_found) == (1, 1)
    settings = yaml.safe_load(Path("kept/lstm-f0-s0/config.yaml").read_text())
    assert settings["lstm"]["dropout"] == 0.1


def test_a_run_that_fails_is_a_row_that_says_why(study, voices, capsys, monkeypatch):
    raw = yaml.safe_load(study.read_text())
    raw["systems"] = {
        "lstm": {"fusion.mode": "lstm"},
        "vgg": {"fusion.mode": "cnn", "cnn.backbone": "vgg16", "cnn.weights": "absent.h5"},
    }
    del raw["combine"]
    study.write_text(yaml.safe_dump({**raw, "seeds": [0]}))
    assert main(["ablate", str(study), str(voices), "--quiet"]) == 3
    printed = capsys.readouterr().out
    assert "| lstm |" in printed
    (failed,) = [line for line in printed.splitlines() if line.startswith("| vgg")]
    assert "absent.h5" in failed
    assert list(Path("studies/small/failures").glob("vgg-*.txt"))
    assert main(["ablate", str(study), str(voices), "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert [row["system"] for row in told["tables"][0]["rows"]] == ["lstm"]
    assert told["n_trained"] == 0


def test_a_search_never_sees_the_test_part_and_is_not_repeated(study, voices):
    pytest.importorskip("optuna", reason="needs the extra [search]")
    raw = yaml.safe_load(study.read_text())
    raw["systems"] = {"lstm": {"fusion.mode": "lstm"}}
    del raw["combine"]
    ranges = {"fit.learning_rate": {"low": 1.0e-3, "high": 1.0e-1, "log": True}}
    search = {"trials": 3, "ranges": ranges}
    study.write_text(yaml.safe_dump({**raw, "seeds": [0, 1], "search": search}))
    first = speechsent.ablate(study, voices)
    (table,) = first.tables
    assert [row.system for row in table.rows] == ["lstm", "lstm, searched"]
    trials = sorted(Path("studies/small/trials").iterdir())
    assert len(trials) == 3
    assert not [path for trial in trials for path in trial.glob("*scores.json")]
    assert not [path for trial in trials for path in trial.glob("tests_seen.json")]
    uar = {t.name: json.loads((t / "run.json").read_text())["validation_uar"] for t in trials}
    best = {  # several, where they tie
        speechsent.Run.open(trial).config.fit.learning_rate
        for trial in trials
        if uar[trial.name] == max(uar.values())
    }
    searched = [speechsent.Run.open(p) for p in Path("studies/small/runs").glob("lstm-searched-*")]
    (chosen,) = {run.config.fit.learning_rate for run in searched}
    assert chosen in best
    again = speechsent.ablate(study, voices)
    assert (again.n_trained, again.n_found) == (0, 4)
    assert again.markdown() == first.markdown()


def test_a_dry_run_lists_the_runs_and_trains_none(study, voices, capsys):
    assert main(["ablate", str(study), str(voices), "--dry-run", "--quiet", "--seeds", "4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["to", "do"]] * 3
    assert all("-fold0-seed4-" in line for line in lines)
    assert not Path("studies").exists()


def test_a_study_is_not_mixed_with_one_on_another_corpus(study, voices, capsys, tmp_path):
    folder = tmp_path / "studies" / "small"
    folder.mkdir(parents=True)
    other = {"corpus": "other", "root": "/elsewhere", "n_clips": 3}
    (folder / "study.json").write_text(json.dumps(other))
    assert main(["ablate", str(study), str(voices), "--quiet"]) == 1
    assert "holds this study on /elsewhere (3 clips)" in capsys.readouterr().err


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs" / "studies").rglob("*.yaml")), ids=lambda path: path.stem
)
def test_the_studies_in_configs_can_be_read(path):
    speechsent.load_study(path)
