import json

import pytest

from speechsent.cli import main
from speechsent.comparing.listing import list_runs
from speechsent.comparing.tables import listing_table
from speechsent.errors import RunError
from speechsent.evaluation.intervals import Interval
from speechsent.run import MODEL


def test_a_scored_run_shows_its_test_score_with_interval(make_run, toy_scores, tmp_path):
    path = make_run("a", config="seed: 3")
    (path / "scores.json").write_text(json.dumps(toy_scores))
    [run] = list_runs(tmp_path / "runs").runs
    assert (run.part, run.score, run.value, run.seed) == ("test", "uar", 0.625, 3)
    assert run.interval == Interval(
        low=0.5, high=0.7, confidence=0.95, method="bootstrap over speakers"
    )


def test_a_run_without_test_score_shows_validation(make_run, tmp_path):
    make_run("a", scored=False)
    [run] = list_runs(tmp_path / "runs").runs
    assert (run.part, run.value, run.interval) == ("validation", 0.75, None)


def test_the_newest_comes_last_and_depth_does_not_matter(make_run, tmp_path):
    make_run("a", finished="2026-03-01T00:00:00+00:00")
    make_run("deeper/b", finished="2026-02-01T00:00:00+00:00")
    assert [run.path.name for run in list_runs(tmp_path).runs] == ["b", "a"]


def test_other_protocols_are_other_groups_the_newest_last(make_run, tmp_path):
    """A protocol of the same name with another definition is another protocol."""
    make_run("a", finished="2026-01-01", protocol="p")
    make_run("b", finished="2026-01-02", protocol="p", protocol_hash="2")
    make_run("c", finished="2026-01-03", protocol="p")
    groups = list_runs(tmp_path).by_protocol
    assert {key: [run.path.name for run in runs] for key, runs in groups.items()} == {
        ("p", "2"): ["b"],
        ("p", ""): ["a", "c"],
    }
    assert list(groups) == [("p", "2"), ("p", "")]


def test_unfinished_runs_are_counted(make_run, tmp_path):
    make_run("a")
    (make_run("b") / MODEL).unlink()
    (make_run("c") / "run.json").unlink()
    listing = list_runs(tmp_path)
    assert (len(listing.runs), listing.n_unfinished) == (1, 2)


def test_a_config_of_something_else_is_no_run(make_run, tmp_path):
    """Many a project has a config.yaml, and archives of studies have one a run."""
    make_run("a")
    for name in ("project", "project/docs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text("theme: dark\n")
    listing = list_runs(tmp_path)
    assert (len(listing.runs), listing.n_unfinished, listing.unreadable) == (1, 0, ())


def test_a_damaged_run_is_named_and_hides_no_other(make_run, tmp_path):
    make_run("a")
    (make_run("b") / "run.json").write_text("{")
    make_run("c", format=99)
    (make_run("d") / "scores.json").write_text("{}")
    listing = list_runs(tmp_path)
    assert [run.path.name for run in listing.runs] == ["a"]
    b, c, d = listing.unreadable
    assert "b/run.json: missing or damaged" in b
    assert "written in format 99" in c
    assert "run.json or scores.json lacks a fact ('uar')" in d


def test_runs_written_before_protocols_had_folds_are_listed(make_run, tmp_path):
    path = make_run("a")
    facts = json.loads((path / "run.json").read_text())
    old = {key: value for key, value in facts.items() if key not in ("protocol_hash", "fold")}
    (path / "run.json").write_text(json.dumps(old))
    [run] = list_runs(tmp_path).runs
    assert (run.protocol, run.protocol_hash, run.fold) == ("toy-2-holdout", "", "")


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(RunError, match="no such folder of runs"):
        list_runs(tmp_path / "none")


@pytest.mark.parametrize("text", ["[]", "[1]", "null", '{"uar": null}', "3", ""])
def test_damaged_scores_hide_no_other_run(make_run, toy_scores, tmp_path, text):
    make_run("a")
    damaged = json.dumps(toy_scores | json.loads(text)) if text.startswith("{") else text
    (make_run("b") / "scores.json").write_text(damaged)
    listing = list_runs(tmp_path)
    assert [run.path.name for run in listing.runs] == ["a"]
    assert "scores.json" in listing.unreadable[0]
    assert "cannot be read: " in listing_table(listing)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("corpus", ["x"]),
        ("mode", 7),
        ("protocol", ["x"]),
        ("protocol_hash", ["x"]),
        ("fold", 7),
        ("validation_uar", "high"),
        ("validation_uar", None),
    ],
)
def test_facts_of_other_types_hide_no_other_run(make_run, tmp_path, capsys, fact, value):
    """Such a folder is damaged or a stranger's; an old run has no seal that would tell."""
    make_run("a")
    make_run("b", **{fact: value})
    assert main(["runs", "list", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert f"{fact} is not what it should be. Received: {value!r}" in told
    assert "finished runs in" in told
    assert str(tmp_path / "runs" / "toy" / "a") in told


@pytest.mark.parametrize("fact", ["protocol", "split_hash", "root", "note"])
def test_a_fact_that_is_missing_is_named(make_run, capsys, fact):
    folder = make_run("a")
    facts = json.loads((folder / "run.json").read_text())
    del facts[fact]
    (folder / "run.json").write_text(json.dumps(facts))
    assert main(["runs", "compare", str(folder), str(make_run("b"))]) == 1
    rule = f"{folder / 'run.json'}: lacks {fact!r}; restore it, or train again"
    assert capsys.readouterr().err == f"speechsent: {rule}\n"
