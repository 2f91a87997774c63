"""``train`` and the doctor: findings in the run folder, a stop before an error, ``--force``."""

import json
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.comparing.summary import summarize
from speechsent.doctor import Diagnosis, Finding
from speechsent.run import Run
from speechsent.training import checkups


@pytest.fixture
def wrong(monkeypatch):
    """A doctor who finds an error in any network."""
    told = dict.fromkeys(("seen", "expected", "why", "remedy"), "…")
    finding = Finding(name="no-gradient", severity="error", at="a layer", **told)
    found = Diagnosis((finding,), ("the layers",))
    monkeypatch.setattr(checkups, "examine", lambda *_, **__: found)


def train(voices, tiny, out, *more):
    options = ["--config", str(tiny), "--out", str(out), "--fusion", "cnn", "--no-test", "--quiet"]
    return main(["train", str(voices), *options, "--no-baseline", *more])


def test_a_healthy_run_says_so(workplace):
    (folder,) = workplace.glob("runs/*/*/doctor.json")
    told = json.loads(folder.read_text())
    assert told["forced"] is False
    assert [stage["stage"] for stage in told["stages"]] == ["joint"]
    found = [*told["stages"][0]["before"], *told["stages"][0]["during"]]
    assert [f["name"] for f in found if f["severity"] == "error"] == []


def test_an_error_stops_it_in_one_line_and_leaves_no_finished_run(
    wrong, voices, tiny, tmp_path, capsys
):
    assert train(voices, tiny, tmp_path) == 1
    said = capsys.readouterr().err
    assert "cnn: no-gradient" in said
    assert said.count("\n") == 1
    assert list(tmp_path.rglob("run.json")) == []
    (kept,) = tmp_path.rglob("doctor.json")
    assert "no-gradient" in kept.read_text()


def test_forced_it_trains_and_runs_show_names_the_finding(wrong, voices, tiny, tmp_path, capsys):
    assert train(voices, tiny, tmp_path, "--force") == 0
    (facts,) = tmp_path.rglob("run.json")
    assert json.loads((facts.parent / "doctor.json").read_text())["forced"] is True
    assert summarize(Run.open(Path(facts.parent))).doctor["forced"] is True
    capsys.readouterr()
    assert main(["runs", "show", str(facts.parent)]) == 0
    assert "no-gradient" in capsys.readouterr().out


@pytest.mark.parametrize(
    "option", ["--force", "--no-report", "--no-baseline", "--workers=7", "--report-clips=3"]
)
def test_what_is_about_one_training_is_refused_beside_several(voices, capsys, option):
    assert main(["train", str(voices), option, "--one-vs", "anger"]) == 1
    assert f"{option.partition('=')[0]} is about one training" in capsys.readouterr().err
