"""Another label set on the branches of a trained run, as users start it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

import speechsent
from speechsent.cli import main
from speechsent.errors import TrainingError
from speechsent.experiment.transfer import starting_config
from speechsent.heard import heard_before
from speechsent.network import load_branches
from speechsent.resources import Resources
from speechsent.run import STATISTICS, Run


@pytest.fixture(scope="module")
def six(workplace):
    """A run that was trained on six emotions."""
    return Run.newest(workplace / "runs")


@pytest.fixture(scope="module")
def two(six, voices, tmp_path_factory):
    """A run that starts from it, with two classes."""
    out = tmp_path_factory.mktemp("two")
    words = ["train", str(voices), "--from", str(six.path), "--classes", "angry,neutral"]
    assert main([*words, "--out", str(out), "--quiet"]) == 0
    return Run.newest(out)


def test_branches_are_those_of_the_run_bit_for_bit_and_the_head_is_new(six, two):
    before, after = load_branches(six), load_branches(two)
    assert before.keys() == after.keys() == {"cnn", "lstm"}
    for name in before:
        pairs = zip(before[name].get_weights(), after[name].get_weights(), strict=True)
        assert all(np.array_equal(old, new) for old, new in pairs)
    assert two.labels == ("neutral", "anger")
    assert two.config.fusion.mode == "frozen"


def test_features_and_statistics_stay_those_of_the_run(six, two):
    with np.load(six.path / STATISTICS) as before, np.load(two.path / STATISTICS) as after:
        assert sorted(before.files) == sorted(after.files)
        assert all(np.array_equal(before[name], after[name]) for name in before.files)
    assert two.config.log_mel == six.config.log_mel


def test_parts_are_those_of_the_run_for_the_clips_that_stay(six, two):
    before = {u.path: part for u, part in zip(six.split.utterances, six.split.parts, strict=True)}
    after = {u.path: part for u, part in zip(two.split.utterances, two.split.parts, strict=True)}
    assert len(after) == 24
    assert after.items() <= before.items()


def parts_of(split):
    return split.utterances, split.parts


def test_where_it_started_is_recorded(six, two):
    assert two.facts["started_from"] == {
        "path": str(six.path.resolve()),
        "protocol": six.facts["protocol"],
        "split_hash": six.facts["split_hash"],
    }
    heard = {(u.path, part) for u, part in zip(*parts_of(heard_before(two).clips), strict=True)}
    of_six = {(u.path, part) for u, part in zip(*parts_of(six.split), strict=True)}
    assert heard == {(path, part) for path, part in of_six if part != "test"}
    stages = two.read_json("stages.json")
    names = [stage["stage"] for stage in stages]
    assert names == ["source joint", "head", "functionals", "functionals-again"]
    assert stages[0]["fitted_on"] == six.read_json("stages.json")[0]["fitted_on"]


def test_other_clips_are_scored_with_the_same_classes(two, voices, capsys):
    assert main(["evaluate", str(voices / "test"), "--run", str(two.path), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    own = two.read_json("scores.json")
    assert scores["confusion"] == own["confusion"]
    assert (own["protocol"], scores["protocol"]) == (
        "builtin-6-given+neutral/anger",
        "builtin-2-external+neutral/anger",
    )


def test_the_same_run_comes_out_again(two):
    assert speechsent.reproduce(two.path).match


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["--set", "log_mel.n_mels=40"], "log_mel.n_mels must stay .*: 32. Received: 40"),
        (["--set", "lstm.embedding=9"], "lstm.embedding must stay .*: 8. Received: 9"),
        (["--standardize", "speaker"], "view.standardize must stay .*'corpus'. Received: 'speaker"),
        (["--fusion", "functionals"], "functionals take nothing over from another run"),
        (["--seeds", "0,1"], "--seeds goes with --one-vs; otherwise there is --seed"),
        (["--one-vs", "neutral", "--no-test"], "--no-test cannot go with it"),
    ],
)
def test_what_does_not_fit_is_refused(six, voices, tmp_path, capsys, changes, message):
    words = ["train", str(voices), "--from", str(six.path), "--out", str(tmp_path), *changes]
    assert main([*words, "--quiet"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(message, line)
    assert not list(tmp_path.iterdir())


def test_speakers_the_run_was_trained_on_are_not_tested(six, voices):
    heard = sorted(str(name) for name in six.split.speakers("train"))[:1]
    clips = speechsent.read_corpus(voices)
    free = replace(clips, utterances=tuple(replace(u, part=None) for u in clips))
    config = starting_config(six)
    config = replace(config, split=replace(config.split, test_speakers=tuple(heard)))
    with pytest.raises(TrainingError, match=r"1 of the 1 known test speakers and 12 of the 12 te"):
        speechsent.train(config, free, start=six)


def test_if_that_is_allowed_every_score_says_so(six, voices, tmp_path):
    clips = speechsent.read_corpus(voices)
    exchanged = {"train": "test", "test": "train"}
    other = replace(clips, utterances=tuple(replace(u, part=exchanged[str(u.part)]) for u in clips))
    config = starting_config(six)
    config = replace(config, split=replace(config.split, allow_speaker_overlap=True))
    run = speechsent.train(config, other, start=six, out=tmp_path, resources=Resources(cache=False))
    scores = run.read_json("scores.json")
    assert scores["speaker_disjoint"] is False
    assert scores["protocol"].endswith("-speakers-overlap")
    assert "starts from a run that heard 4 of the 4 known test speakers" in scores["note"]


def test_one_class_against_each_other_makes_one_table(six, voices, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["train", str(voices), "--from", str(six.path), "--classes", "neutral,anger,fear"]
    assert main([*words, "--one-vs", "neutral", "--seeds", "0,1", "--quiet"]) == 0
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith("| neutral vs")]
    assert [row.split("|")[1].strip() for row in rows] == ["neutral vs anger", "neutral vs fear"]
    assert all("neutral 4, " in row and " ± " in row for row in rows)
    assert "Tasks, not comparable with each other" in printed
    assert "4 runs trained, 0 were there" in printed
    (folder,) = Path("studies").iterdir()
    runs = [Run.open(path) for path in sorted(folder.glob("runs/[!.]*"))]
    assert {run.facts["started_from"]["path"] for run in runs} == {str(six.path.resolve())}
    assert {frozenset(run.split.speakers("test")) for run in runs} == {
        frozenset(six.split.speakers("test"))
    }


def test_groups_of_emotions_are_trained_and_kept_in_the_configuration(
    six, voices, tmp_path, capsys
):
    words = ["train", str(voices), "--from", str(six.path), "--merge", "arousal"]
    assert main([*words, "--fusion", "lstm", "--out", str(tmp_path), "--quiet"]) == 0
    run = Run.newest(tmp_path)
    assert run.labels == ("high_arousal", "low_arousal")
    merge = yaml.safe_load((run.path / "config.yaml").read_text())["corpus"]["merge"]
    assert merge["sadness"] == "low_arousal"
    assert "neutral" not in merge
    stages = run.read_json("stages.json")
    assert {name.partition("/")[0] for name in stages[-1]["frozen"]} == {"lstm"}
    counts = np.array(run.read_json("scores.json")["confusion"]).sum(axis=1)
    assert counts.tolist() == [12, 4]
