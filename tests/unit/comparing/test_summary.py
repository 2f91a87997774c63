import json

import numpy as np
import pytest

from speechsent.comparing.summary import StageSummary, summarize
from speechsent.comparing.tables import summary_table
from speechsent.errors import RunError
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.scores import score

STAGES = [
    {"stage": "joint", "best_epoch": 2, "best": {"val_uar": 0.75}, "fitted_on": ["t.wav@0.0"]}
]


@pytest.fixture
def run(make_run):
    path = make_run("a", config="{seed: 3, lstm: {channels: 16, units: [8]}}")
    (path / "stages.json").write_text(json.dumps(STAGES))
    return path


def test_a_run_in_short(run):
    summary = summarize(run)
    assert summary.settings == {"seed": 3, "lstm.channels": 16, "lstm.units": (8,)}
    assert summary.stages == (
        StageSummary(stage="joint", best_epoch=2, score="uar", validation_score=0.75),
    )
    assert {part: p.n_clips for part, p in summary.parts.items()} == {
        "train": 1, "validation": 0, "test": 12,
    }  # fmt: skip
    assert summary.parts["test"].speakers == ("toy/a", "toy/b", "toy/c", "toy/d")
    assert (summary.scores, summary.times_seen) == (None, {})
    assert (summary.audit, summary.calibration) == (None, None)


def test_looks_are_counted_for_each_test_set(run):
    looks = [{"what": "test"}, {"what": "/elsewhere"}, {"what": "test"}]
    (run / "tests_seen.json").write_text(json.dumps(looks))
    assert summarize(run).times_seen == {"test": 2, "/elsewhere": 1}


def test_scores_and_reports_are_read_where_they_are(run):
    predictions = Predictions(
        files=("x",), truth=np.array([0]), probabilities=np.array([[1.0, 0.0]]),
        speakers=("a",), genders=(None,), labels=("anger", "fear"),
    )  # fmt: skip
    scores = score(predictions, protocol="p", part="test", speaker_disjoint=True, seed=0)
    (run / "scores.json").write_text(json.dumps(scores.as_dict()))
    (run / "audit.json").write_text('{"clean": true}')
    (run / "calibration.json").write_text('{"temperature": 1.5}')
    summary = summarize(run)
    assert summary.scores == scores
    assert summary.audit == {"clean": True}
    assert summary.calibration == {"temperature": 1.5}


def test_damaged_reports_and_stages_are_named(run):
    (run / "audit.json").write_text("[]")
    with pytest.raises(RunError, match=r"audit\.json: not a table of facts"):
        summarize(run)
    (run / "stages.json").write_text('[{"stage": "joint"}]')
    with pytest.raises(RunError, match=r"stages\.json: not the stages of a training"):
        summarize(run)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scores.json", "[]"), ("scores.json", '{"uar": null}'), ("tests_seen.json", "[1]"),
        ("tests_seen.json", '[{"a": 1}]'), ("audit.json", "{}"), ("doctor.json", "{}"),
        ("stages.json", "[1]"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(run, name, text):
    (run / name).write_text(text)
    with pytest.raises(RunError, match=name.replace(".", r"\.")):
        summarize(run)


def test_an_audit_without_findings_is_shown(run):
    (run / "audit.json").write_text('{"clean": true}')
    assert "audit: no leak" in summary_table(summarize(run))
