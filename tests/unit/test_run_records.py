"""Records of a run, sound and damaged; each error names its file."""

import json

import pytest

from speechsent.errors import RunError
from speechsent.run import Run
from speechsent.run_records import audit_of, doctor_of, scores_of

INTERVAL = {"low": 0.5, "high": 0.7, "confidence": 0.95, "method": "by hand"}
RECALL = {"recall": 0.5, "k": 1, "n": 2, "low": 0.1, "high": 0.9}
SCORES = {
    "protocol": "toy", "split_hash": None, "part": "test", "speaker_disjoint": True, "note": "",
    "seed": 0, "n_train": 3, "labels": ["anger", "fear"], "n": 4, "k": 2, "uar": 0.5,
    "uar_interval": INTERVAL, "accuracy": 0.5, "accuracy_interval": INTERVAL, "macro_f1": 0.5,
    "recall": {"anger": RECALL, "fear": RECALL}, "confusion": [[1, 1], [1, 1]],
    "per_speaker": [{"name": "a", "n": 4, "uar": 0.5, "accuracy": 0.5}], "per_gender": [],
    "chance_uar": 0.5, "majority": None,
}  # fmt: skip
WRONG = ["[]", "null", "3", '"x"', '[{"a": 1}]']


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def test_scores_are_read(run):
    run.write_json("scores.json", SCORES)
    scores = scores_of(run)
    assert (scores.uar, scores.recall["fear"].k, scores.confusion) == (0.5, 1, ((1, 1), (1, 1)))


def test_what_is_not_there_is_none(run):
    assert (scores_of(run), audit_of(run), doctor_of(run)) == (None, None, None)


@pytest.mark.parametrize("name", ["scores.json", "audit.json", "doctor.json"])
@pytest.mark.parametrize("text", [*WRONG, "{}", '{"a": 1}', ""])
def test_a_damaged_record_is_named(run, name, text):
    run.write_text(name, text)
    read = {"scores.json": scores_of, "audit.json": audit_of, "doctor.json": doctor_of}[name]
    with pytest.raises(RunError, match=name):
        read(run)


@pytest.mark.parametrize(
    "change",
    [
        {"recall": None}, {"recall": {}}, {"recall": {"anger": None, "fear": RECALL}},
        {"uar": None}, {"uar": "x"}, {"uar": True}, {"uar_interval": {**INTERVAL, "low": None}},
        {"confusion": [[1, 1]]}, {"confusion": 3}, {"labels": "af"}, {"per_speaker": [[]]},
        {"note": None}, {"n": 4.5}, {"linear": []}, {"calibration": {"coverage": 3}},
    ],
)  # fmt: skip
def test_scores_with_a_value_of_another_kind_are_named(run, change):
    run.write_json("scores.json", SCORES | change)
    with pytest.raises(RunError, match=r"scores\.json: damaged; evaluate again\. "):
        scores_of(run)


@pytest.mark.parametrize("findings", [3, [3], [{"name": "x"}]])
def test_findings_of_an_audit_have_their_texts(run, findings):
    run.write_json("audit.json", {"clean": True, "findings": findings})
    with pytest.raises(RunError, match=r"audit\.json: not what an audit found"):
        audit_of(run)


@pytest.mark.parametrize("stages", [None, [3], [{"stage": "x"}], [{"stage": "x", "before": [3]}]])
def test_stages_of_the_doctor_have_their_findings(run, stages):
    run.write_text("doctor.json", json.dumps({"forced": False, "stages": stages}))
    with pytest.raises(RunError, match=r"doctor\.json: not what the doctor found"):
        doctor_of(run)
