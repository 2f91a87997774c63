"""A run written by hand: two clips to train on, one to test."""

import json

import pytest

from speechsent.auditing.history import history_findings
from speechsent.errors import RunError
from speechsent.run import Run

SPLIT = """\
file,sha256,speaker,gender,emotion,start,end,part
a.wav,1,c/1,,anger,0.0,,train
b.wav,2,c/2,,anger,0.0,,validation
c.wav,3,c/3,,anger,0.0,,test
"""


@pytest.fixture
def run(tmp_path):
    def make(
        fitted=("a.wav@0.0",), validated=("b.wav@0.0",), looks=0, stages=None, config=""
    ) -> Run:
        (tmp_path / "config.yaml").write_text(config)
        (tmp_path / "split.csv").write_text(SPLIT)
        facts = {"finished": "now", "root": str(tmp_path)}
        (tmp_path / "run.json").write_text(json.dumps(facts))
        stage = {"fitted_on": fitted, "validated_on": validated}
        (tmp_path / "stages.json").write_text(json.dumps(stages or [stage]))
        seen = [{"time": str(i), "what": "test"} for i in range(looks)]
        seen.append({"time": "x", "what": "elsewhere/"})
        (tmp_path / "tests_seen.json").write_text(json.dumps(seen))
        return Run(tmp_path)

    return make


def told(run):
    return [(f.name, f.severity, f.count) for f in history_findings(run)]


def test_a_run_that_never_met_its_test_part_has_no_finding(run):
    assert told(run()) == []


def test_being_fitted_on_a_test_clip_leaks(run):
    assert told(run(fitted=("a.wav@0.0", "c.wav@0.0"))) == [("fitted-on-test", "leak", 1)]


def test_choosing_an_epoch_by_a_test_clip_leaks(run):
    assert told(run(validated=("c.wav@0.0",))) == [("fitted-on-test", "leak", 1)]


def test_statistics_of_test_speakers_are_a_note(run):
    assert told(run(config="view: {standardize: speaker}")) == [("statistics-of-test", "note", 1)]


def test_one_look_is_a_note_and_several_are_a_warning(run):
    assert told(run(looks=1)) == [("test-seen", "note", 1)]
    assert told(run(looks=3)) == [("test-seen", "warning", 3)]


def test_damaged_stages_are_refused(run):
    with pytest.raises(RunError, match="not the stages"):
        history_findings(run(stages=[{"fitted_on": []}]))
