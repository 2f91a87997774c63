import json

import pytest

from speechsent.doctor import read_run
from speechsent.errors import RunError


@pytest.fixture
def names(folder):
    """Names of what is found in the folder as it is now."""
    return lambda: [finding.name for finding in read_run(folder.write()).findings]


def test_a_clean_run_is_clean(folder, names):
    assert names() == []
    assert read_run(folder.path).scope == ("split.csv", "stages.json", "scores.json")


def test_a_speaker_in_two_parts(folder):
    for row in folder.split:
        if row["speaker"] == "test-1":
            row["speaker"] = "train-1"
    (found,) = read_run(folder.write()).findings
    assert found.name == "speakers-shared"
    assert found.seen.startswith("1 of 2 test speakers are trained on (6 of 12 samples): train-1")


def test_a_speaker_nobody_knows(folder, names):
    folder.split[0]["speaker"] = ""
    assert names() == ["speakers-unknown"] * 2


def test_the_same_file_in_two_parts_unless_it_is_another_stretch_of_it(folder, names):
    first, second, third = (
        next(r for r in folder.split if r["part"] == p) for p in ("train", "validation", "test")
    )
    second["sha256"] = third["sha256"] = first["sha256"]
    assert names() == ["validated-on-training-samples", "tested-on-training-samples"]
    second["start"], third["start"] = "2.0", "4.0"
    assert names() == []


def test_a_class_without_training_clips(folder):
    folder.split = [r for r in folder.split if (r["part"], r["emotion"]) != ("train", "fear")]
    (found,) = read_run(folder.write()).findings
    assert found.name == "class-never-trained"
    assert found.seen == "class fear: 4 validated, 0 trained"


def test_validated_on_what_an_earlier_stage_was_fitted_on(folder):
    """A branch fitted on all clips, the whole validated on some of them."""
    cnn, _, head = folder.stages
    cnn["fitted_on"] = cnn["fitted_on"] + head["validated_on"][:5]
    found = read_run(folder.write()).findings
    assert {f.name for f in found} == {"stage-leak"}
    at_head = next(f for f in found if "'head'" in f.at)
    assert at_head.at == "validation part of 'head', and stage 'cnn'"
    assert at_head.seen.startswith("5 of 12 held-out samples")


def test_tested_on_what_a_stage_was_fitted_on(folder, names):
    tested = next(r["file"] for r in folder.split if r["part"] == "test")
    folder.stages[1]["fitted_on"].append(f"{tested}@0.0")
    assert names() == ["stage-leak"]


def test_stages_of_a_run_on_another_corpus_are_not_compared(folder, names, tmp_path):
    """Files of two corpora may have the same names."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.yaml").write_text("")
    (source / "run.json").write_text(json.dumps({"root": "/elsewhere"}))
    tested = [f"{r['file']}@0.0" for r in folder.split if r["part"] == "test"]
    stage = {"stage": "source cnn", "fitted_on": tested, "started_from": str(source)}
    folder.stages.insert(0, stage)
    assert names() == []
    (source / "run.json").write_text(json.dumps({"root": "/corpus"}))
    assert names() == ["stage-leak"]


def test_leaks_of_the_audit_are_passed_on(folder):
    leak = {"name": "second-takes", "severity": "leak", "message": "8 of 12 have", "examples": []}
    note = {"name": "sentences-shared", "severity": "note", "message": "3 of 3", "examples": []}
    folder.extra["audit"] = {"findings": [leak, note, {**leak, "name": "speakers-shared"}]}
    (found,) = read_run(folder.write()).findings
    assert (found.name, found.at) == ("audit-leak", "second-takes")


def test_what_was_told_while_it_trained_is_told_again_and_once(folder):
    dead = {"name": "dead-units", "severity": "error", "at": "relu", "seen": "0.9", "extra": 1}
    still = {"name": "nothing-changes", "severity": "error"}
    stages = [{"stage": "cnn", "before": [dead], "during": [still]}]
    folder.extra["doctor"] = {"format": 1, "stages": stages}
    folder.write()
    (folder.path / "history.csv").write_text("stage,epoch,loss\ncnn,1,9\ncnn,2,9\ncnn,3,9\n")
    found, again = read_run(folder.path).errors
    assert (found.name, found.at, found.remedy) == ("dead-units", "stage 'cnn', relu", "")
    assert again.name == "nothing-changes"


def test_curves_are_read_too(folder, names):
    folder.write()
    (folder.path / "history.csv").write_text(
        "stage,epoch,loss,uar\n" + "".join(f"cnn,{i},1.79,0.33\n" for i in range(1, 4))
    )
    assert names() == ["nothing-changes", "accuracy-constant"]


def test_a_training_that_did_not_finish(folder):
    folder.write()
    for name in ("run.json", "scores.json", "stages.json", "split.csv"):
        (folder.path / name).unlink()
    assert [f.name for f in read_run(folder.path).findings] == ["training-not-finished"]


def test_what_is_no_run_folder_or_damaged_is_one_line(folder, tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        read_run(tmp_path)
    folder.write()
    (folder.path / "scores.json").write_text("{")
    with pytest.raises(RunError, match=r"scores\.json: damaged"):
        read_run(folder.path)
    (folder.path / "scores.json").write_text('{"labels": 3}')
    with pytest.raises(RunError, match="damaged"):
        read_run(folder.path)
