"""``speechsent runs list``, ``show`` and ``compare`` on run folders written by hand."""

import json

import pytest

from speechsent.cli import main


def told(capsys):
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line]


def test_the_list_puts_runs_under_their_protocol(
    make_run, toy_scores, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    scored = make_run("a", protocol="toy-loso", protocol_hash="1f", fold="toy/a")
    (scored / "scores.json").write_text(json.dumps(toy_scores))
    make_run("b", scored=False, finished="2026-01-02T00:00:00+00:00", config="seed: 12")
    (make_run("c") / "run.json").unlink()
    assert main(["runs", "list"]) == 0
    assert told(capsys) == [
        "protocol toy-loso (definition 1f)",
        "runs/toy/a toy joint toy/a split 5717 test UAR 0.625 [0.50, 0.70] seed 0 2026-01-01 10:20",
        "protocol toy-2-holdout",
        "runs/toy/b toy joint split 5717 validation UAR 0.750 (chosen on it) seed 12 "
        "2026-01-02 00:00",
        "finished runs in runs: 2, unfinished: 1",
    ]


def test_damaged_runs_are_listed_as_such(make_run, tmp_path, capsys):
    (make_run("a") / "run.json").write_text("{")
    assert main(["runs", "list", str(tmp_path)]) == 0
    problem, count = told(capsys)
    assert problem.startswith("cannot be read: ")
    assert count == f"finished runs in {tmp_path}: 0"


def test_a_folder_without_runs_is_an_error(tmp_path, capsys):
    assert main(["runs", "list", str(tmp_path / "none")]) == 1
    assert "no such folder of runs" in capsys.readouterr().err


def test_a_run_is_shown_with_settings_parts_stages_and_looks(make_run, capsys):
    path = make_run("a", config="{fusion: {mode: cnn}, split: {test_speakers: [a, b]}}")
    (path / "stages.json").write_text(
        '[{"stage": "cnn", "best_epoch": 2, "best": {"val_uar": 0.75}}]'
    )
    (path / "tests_seen.json").write_text('[{"what": "test"}, {"what": "test"}]')
    finding = {"name": "speakers-shared", "severity": "leak", "message": "one speaker"}
    (path / "audit.json").write_text(json.dumps({"clean": False, "findings": [finding]}))
    (path / "calibration.json").write_text('{"temperature": 1.5}')
    assert main(["runs", "show", str(path)]) == 0
    lines = told(capsys)
    for line in (
        "trained on toy (/corpus), finished 2026-01-01T10:20",
        "fusion.mode: cnn",
        "split.test_speakers: a, b",
        "test 12 clips of 4 known speakers: toy/a, toy/b, toy/c, toy/d",
        "cnn: best epoch 2, validation UAR 0.750 (chosen on it)",
        "the test part was never scored",
        "test: 2",
        "temperature: 1.5",
        "audit: LEAKING",
        "leak speakers-shared: one speaker",
    ):
        assert line in lines


def test_a_comparison_shows_both_scores_and_the_difference(make_run, capsys):
    """Seven of eight angers and all fears right, against all angers and three of four fears."""
    a = make_run("a", wrong=["a0.wav"])
    b = make_run("b", wrong=["b2.wav"], config="fusion: {mode: cnn}")
    assert main(["runs", "compare", str(a), str(b)]) == 0
    lines = told(capsys)
    assert lines[0] == "protocol toy-2-holdout: 12 test clips of 4 known speakers"
    assert lines[3] == "differ in fusion.mode: joint | cnn"
    assert lines[5].startswith("UAR 0.938 0.875 +0.062 [")
    assert lines[6] == (
        "accuracy 0.917 0.917 +0.000 (McNemar: only first right 1, only second right 1), p = 1.000"
    )


def test_seeds_are_separated_by_commas(make_run, capsys):
    a, b = make_run("a"), make_run("b", config="seed: 1", wrong=["a2.wav"])
    assert main(["runs", "compare", f"{a},{b}", str(make_run("c"))]) == 0
    lines = told(capsys)
    assert lines[1:4] == [
        "first mean over 2 seeds",
        f"{a}, seed 0: UAR 1.000",
        f"{b}, seed 1: UAR 0.875",
    ]
    assert lines[-2].endswith("(McNemar's test is for one run a side)")


def test_a_comma_too_many_names_no_further_run(make_run, capsys):
    make_run("a")
    make_run("b", wrong=["a0.wav"])
    folder = make_run("c").parent
    assert main(["runs", "compare", f"{folder / 'a'},", f",{folder / 'b'}"]) == 0
    assert "UAR" in capsys.readouterr().out


def test_other_protocols_are_an_error_and_no_traceback(make_run, capsys):
    a, b = make_run("a"), make_run("b", protocol="toy-2-given")
    assert main(["runs", "compare", str(a), str(b)]) == 1
    error = capsys.readouterr().err
    assert "toy-2-holdout" in error
    assert "toy-2-given" in error


@pytest.mark.parametrize("command", ["list", "compare"])
def test_json_is_readable(command, make_run, tmp_path, capsys):
    a, b = str(make_run("a")), str(make_run("b"))
    assert (
        main(["runs", command, "--json", *([str(tmp_path)] if command == "list" else [a, b])]) == 0
    )
    found = json.loads(capsys.readouterr().out)
    if command == "list":
        assert [run["path"] for run in found["runs"]] == [a, b]
    else:
        assert found["uar"]["difference"] == 0
        assert found["first"]["runs"] == [a]
