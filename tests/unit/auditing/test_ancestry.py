"""Runs written by hand: the last goes back, over one between, to the first."""

import json
import shutil
from pathlib import Path

import pytest

from speechsent.auditing import audit, audit_clips, audit_origins
from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.utterance import Utterance
from speechsent.experiment.leaks import disjoint, with_leaks
from speechsent.run import FORMAT, MODEL, Run

HEAD = "file,sha256,speaker,gender,emotion,start,end,part"
STAGES = [{"fitted_on": [], "validated_on": []}]


@pytest.fixture
def make_run(tmp_path):
    def make(name, rows, start=None):
        path = tmp_path / name
        path.mkdir()
        (path / "config.yaml").write_text(to_yaml(ExperimentConfig()))
        (path / MODEL).write_text("weights")
        (path / "stages.json").write_text(json.dumps(STAGES))
        table = [f"{file}.wav,{file},{who},,anger,0.0,,{part}" for file, who, part in rows]
        (path / "split.csv").write_text("\n".join([HEAD, *table]) + "\n")
        facts = {"format": FORMAT, "finished": "now", "root": "/corpus", "split_hash": name}
        started = {"started_from": {"path": str(start), "split_hash": start.name}} if start else {}
        (path / "run.json").write_text(json.dumps(facts | started))
        return path

    return make


@pytest.fixture
def chain(make_run):
    """What the last is tested on, the first was trained on: a speaker, and a file by itself."""
    first = make_run("first", [("1", "ann", "train"), ("2", "", "train"), ("3", "bob", "test")])
    second = make_run("second", [("4", "cat", "train"), ("5", "dan", "test")], first)
    tested = [("7", "ann", "test"), ("2", "eve", "test")]
    return first, make_run("third", [("6", "fay", "train"), *tested], second)


def told(report):
    return {(f.name, f.severity, f.examples) for f in report.findings if "before" in f.name}


LEAKS = {
    ("speakers-heard-before", "leak", ("ann",)),
    ("clips-heard-before", "leak", ("2.wav = /corpus/2.wav",)),
    ("heard-before-unknown", "note", ("/corpus/2.wav",)),
}


def test_a_run_is_audited_against_all_that_was_heard_before_it(chain):
    assert told(audit(chain[1], content=False)) == LEAKS
    report = audit_origins(Run(chain[1]))
    assert told(report) == LEAKS
    assert disjoint(report) is False
    assert with_leaks("", report) == (
        "leaks: speakers-heard-before (1 of 2), clips-heard-before (1 of 2); "
        "speakers of 1 clips of a run this one goes back to are unknown"
    )


def test_other_clips_are_too(chain):
    clips = [Utterance(path=Path("/x/y.wav"), emotion="anger", speaker="ann")]
    report = audit_clips(Run(chain[1]), clips, ["y"], Path("/x"))
    assert ("speakers-heard-before", "leak", ("ann",)) in told(report)
    assert not report.clean


def test_what_the_run_was_trained_on_itself_is_told_once(chain):
    clips = [Utterance(path=Path("/x/6.wav"), emotion="anger", speaker="fay")]
    report = audit_clips(Run(chain[1]), clips, ["6"], Path("/x"))
    leaks = {f.name for f in report.findings if f.severity == "leak"}
    assert leaks == {"speakers-shared", "identical-files"}


def test_where_a_run_is_gone_speakers_are_not_called_disjoint(chain):
    shutil.rmtree(chain[0])
    report = audit_origins(Run(chain[1]))
    assert told(report) == {("heard-before-unknown", "warning", (str(chain[0]),))}
    assert (report.clean, disjoint(report)) == (True, None)
    assert with_leaks("by clips", report) == (
        "by clips; 1 runs this one goes back to are gone: what they heard is not known"
    )


def test_a_run_that_started_from_none_is_not_asked(chain):
    assert "speakers-heard-before" not in audit(chain[0], content=False).checked


def test_a_speaker_heard_before_may_be_spelled_otherwise(make_run):
    first = make_run("first", [("1", "Ann", "train"), ("2", "07", "train"), ("3", "bob", "test")])
    tested = [("5", "ann", "test"), ("6", "7", "test"), ("8", "Eve", "test")]
    second = make_run("second", [("4", "eve", "train"), *tested], first)
    found = told(audit_origins(Run(second)))
    assert found == {("speakers-heard-before", "leak", ("7", "ann"))}
