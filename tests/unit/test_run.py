import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from speechsent.config import ExperimentConfig, from_dict, to_yaml
from speechsent.corpus.utterance import Utterance
from speechsent.errors import RunError, SaveError
from speechsent.run import FORMAT, MODEL, SEALED, Run, now
from speechsent.run_split import SPLIT_COLUMNS, RunSplit
from speechsent.seal import sealed


def finish(run, *, finished="2026-01-01T00:00:00", **facts):
    """Write what makes a run folder look finished."""
    run.write_text("config.yaml", to_yaml(ExperimentConfig()))
    run.write_json("run.json", {"format": FORMAT, "finished": finished, "root": "/x"} | facts)
    run.write_text(MODEL, "weights")
    return run


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path, "toy", "joint-s0")


def test_a_run_lies_under_its_corpus_and_is_named_by_time(tmp_path):
    path = Run.create(tmp_path / "runs", "toy", "joint-s0").path
    assert path.is_dir()
    assert path.parent == tmp_path / "runs" / "toy"
    assert re.fullmatch(r"\d{8}-\d{6}-joint-s0", path.name)


def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    paths = {Run.create(tmp_path, "toy", "joint-s0").path for _ in range(5)}
    assert len(paths) == 5


def test_a_finished_run_opens(run):
    assert Run.open(str(finish(run).path)).facts["finished"] == "2026-01-01T00:00:00"


def test_a_missing_folder_is_no_run(tmp_path):
    with pytest.raises(RunError, match="no such run folder; 'speechsent runs list' names"):
        Run.open(tmp_path / "none")


def test_a_folder_of_something_else_is_no_run(tmp_path):
    with pytest.raises(RunError, match=r"not a run folder \(it has no config\.yaml\)"):
        Run.open(tmp_path)


@pytest.mark.parametrize("missing", [MODEL, "run.json"])
def test_an_unfinished_run_is_refused(run, missing):
    (finish(run).path / missing).unlink()
    with pytest.raises(RunError, match=r"its training did not finish\. Train again"):
        Run.open(run.path)


def test_a_run_of_another_format_is_refused(run):
    finish(run, format=99)
    with pytest.raises(RunError, match=f"written in format 99, this version reads {FORMAT}"):
        Run.open(run.path)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', "\udcff"])
def test_damaged_facts_are_named(run, text):
    (finish(run).path / "run.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(RunError, match=r"run\.json"):
        Run.open(run.path)


def test_the_newest_run_is_the_one_that_finished_last(tmp_path):
    """Not the one that started last, and not one that never finished."""
    early = finish(Run.create(tmp_path, "a", "joint"), finished="2026-03-02T00:00:00")
    finish(Run.create(tmp_path, "b", "joint"), finished="2026-03-01T00:00:00")
    unfinished = finish(Run.create(tmp_path, "a", "joint"), finished="2026-03-03T00:00:00")
    (unfinished.path / MODEL).unlink()
    Run.create(tmp_path, "a", "joint")
    assert Run.newest(tmp_path).path == early.path


def test_a_damaged_run_does_not_hide_the_others(tmp_path):
    old = finish(Run.create(tmp_path, "a", "joint"), finished="2026-03-01T00:00:00")
    for text in ("{", "[]", '{"finished": "2026-04-01", "root": "/x", "format": 99}'):
        damaged = finish(Run.create(tmp_path, "b", "joint"))
        (damaged.path / "run.json").write_text(text)
    assert Run.newest(tmp_path).path == old.path
    (old.path / "run.json").write_text("{")
    with pytest.raises(RunError, match=r"no finished run here can be opened: .*run\.json"):
        Run.newest(tmp_path)


def test_a_file_in_the_place_of_a_folder_is_one_error(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(SaveError, match=r"runs/toy: cannot be written \(Not a directory\)"):
        Run.create(tmp_path / "runs", "toy", "joint-s0")


def test_without_a_finished_run_there_is_no_newest(tmp_path):
    Run.create(tmp_path, "toy", "joint")
    with pytest.raises(RunError, match="no finished run here; train one, or name it with --run"):
        Run.newest(tmp_path)


def test_the_configuration_is_read_back(run):
    config = from_dict({"seed": 7, "fusion": {"mode": "cnn"}})
    run.write_text("config.yaml", to_yaml(config))
    assert run.config == config


def test_the_blocks_of_an_older_run_keep_the_dropout_it_was_trained_with(run):
    text = to_yaml(from_dict({"cnn": {"dropout": 0.3}}))
    run.write_text("config.yaml", text.replace("  block_dropout: 0.0\n", ""))
    assert (run.config.cnn.dropout, run.config.cnn.block_dropout) == (0.3, 0.3)


def test_the_network_of_an_older_run_is_built_as_it_was_trained(run):
    """Before there were convolutions in front of the LSTMs, and compact was blocks."""
    run.write_text(
        "config.yaml",
        "cnn:\n  backbone: compact\n  dropout: 0.2\n  block_dropout: 0.0\n"
        "  filters: [32, 48, 64, 96]\nlstm:\n  units: [64, 64]\n",
    )
    assert run.config.cnn.backbone == "blocks"
    assert (run.config.lstm.channels, run.config.lstm.dilations) == (0, ())


def test_labels_are_read_in_order(run):
    run.write_json("labels.json", ["sadness", "anger"])
    assert run.labels == ("sadness", "anger")


@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], "anger"])
def test_labels_of_another_shape_are_refused(run, value):
    run.write_json("labels.json", value)
    with pytest.raises(RunError, match=r"labels\.json: not a list of emotion names"):
        _ = run.labels


@pytest.mark.parametrize(
    "value", [[], ["a", "a"], [""], [" "], ["a\nb"], ["\x1b[2J"], ["x" * 101], list("ab") * 600]
)
def test_labels_that_cannot_be_shown_as_names_are_refused(run, value):
    run.write_json("labels.json", value)
    with pytest.raises(RunError, match=r"labels\.json: lists 1 to 1000 different names"):
        _ = run.labels


def test_json_nested_without_end_is_refused(run):
    run.write_text("labels.json", "[" * 100_000)
    with pytest.raises(RunError, match=r"labels\.json: missing or damaged"):
        _ = run.labels


def test_a_sealed_run_is_read_until_a_file_changes(run):
    run.write_json("labels.json", ["anger", "fear"])
    facts = {"format": FORMAT, "finished": now()}
    run.write_json("run.json", sealed(run.path, SEALED, facts))
    assert Run(run.path).labels == ("anger", "fear")
    run.write_json("labels.json", ["fear", "anger"])
    with pytest.raises(RunError, match=r"labels\.json: changed since the run was finished"):
        _ = Run(run.path).labels


def test_targets_have_the_names_of_the_outputs(run):
    run.write_json("labels.json", ["arousal"])
    run.write_json("targets.json", {"names": ["valence"], "mean": [0], "sd": [1]})
    with pytest.raises(RunError, match="has other names than"):
        _ = run.scale


@pytest.mark.parametrize("mean", [["0"], [None], [[0]], [10**400], [float("1e308") * 10]])
def test_a_scale_that_is_no_number_is_refused(run, mean):
    run.write_json("labels.json", ["valence"])
    told = json.dumps({"names": ["valence"], "mean": mean, "sd": [1]})
    run.write_text("targets.json", told)
    with pytest.raises(RunError, match=r"targets\.json: not the scale of targets"):
        _ = run.scale


def test_a_missing_file_of_a_run_is_named(run):
    with pytest.raises(RunError, match=r"labels\.json: missing or damaged"):
        _ = run.labels


def files_in(run):
    return sorted(path.name for path in run.path.iterdir())


def test_what_is_written_appears_under_its_name_only_at_the_end(run):
    with run.writing("a.weights.h5") as temporary:
        temporary.write_text("new")
        assert temporary.name.endswith("a.weights.h5")
        assert not (run.path / "a.weights.h5").exists()
    assert files_in(run) == ["a.weights.h5"]
    assert (run.path / "a.weights.h5").read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(run, error):
    run.write_text("a.txt", "old")

    def fail():
        with run.writing("a.txt") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert files_in(run) == ["a.txt"]
    assert (run.path / "a.txt").read_text() == "old"


def test_a_file_may_lie_in_a_folder_of_the_run(run):
    run.write_text("evaluations/x/note.txt", "text")
    assert (run.path / "evaluations" / "x" / "note.txt").read_text() == "text"


def test_json_is_readable_and_strict(run):
    run.write_json("a.json", {"name": "Ärger"})
    assert "Ärger" in (run.path / "a.json").read_text(encoding="utf-8")
    assert run.read_json("a.json") == {"name": "Ärger"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.write_json("a.json", float("nan"))


def test_rows_are_written_with_their_columns(run):
    run.write_rows("a.csv", ("x", "y"), [{"x": 1, "y": "a,b", "other": 3}])
    assert (run.path / "a.csv").read_bytes() == b'x,y\n1,"a,b"\n'


def test_a_file_name_with_a_carriage_return_is_read_back(run, tmp_path):
    clips = (Utterance(path=tmp_path / "a\rb.wav", emotion="fear", speaker="x\r\ny"),)
    rows = RunSplit(clips, ("test",), ("hash",)).rows(tmp_path)
    run.write_rows("split.csv", SPLIT_COLUMNS, rows)
    assert RunSplit.read(run.path / "split.csv", tmp_path).utterances == clips


def test_no_look_is_lost_when_several_are_recorded_at_once(run):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: Run(run.path).record_test("test", n=1, uar=0.5), range(24)))
    assert len(run.tests_seen) == 24
    assert [path.name for path in run.path.iterdir()] == ["tests_seen.json"]


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"a": 1}]', '[{"what": 1}]', "null", "{"])
def test_damaged_looks_are_named_and_not_overwritten(run, text):
    run.write_text("tests_seen.json", text)
    with pytest.raises(RunError, match=r"tests_seen\.json"):
        _ = run.tests_seen
    with pytest.raises(RunError, match=r"tests_seen\.json"):
        run.record_test("test", n=1, uar=0.5)
    assert (run.path / "tests_seen.json").read_text() == text


def test_looks_at_a_test_set_are_counted(run):
    assert run.tests_seen == []
    assert run.record_test("test", n=10, uar=0.5) == 1
    assert run.record_test("/elsewhere", n=3, uar=1.0) == 1
    assert run.record_test("test", n=10, uar=0.5) == 2
    entries = json.loads((run.path / "tests_seen.json").read_text())
    assert [(e["what"], e["n"], e["uar"]) for e in entries] == [
        ("test", 10, 0.5),
        ("/elsewhere", 3, 1.0),
        ("test", 10, 0.5),
    ]


def test_times_sort_as_text():
    times = [now() for _ in range(20)]
    assert times == sorted(times)
    assert all(time.endswith("+00:00") and len(time) == len(times[0]) for time in times)
