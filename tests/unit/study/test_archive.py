"""Numbers of runs, kept and found again, told without any training."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechsent.config import ExperimentConfig, to_yaml
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import RunError
from speechsent.evaluation.predictions import Predictions, write_predictions
from speechsent.evaluation.scores import score
from speechsent.opening import split_corpus
from speechsent.run import MODEL, Run
from speechsent.study.archive import Archive, entry_name
from speechsent.study.plan import PlannedRun
from speechsent.study.trained import TOLD
from speechsent.training.listener import Listener

CONFIG = ExperimentConfig()


def corpus(root, n_speakers=6):
    """Each speaker once angry, once sad; nothing is ever read from the files."""
    clips = [
        Utterance(path=root / f"{speaker}-{emotion}.wav", emotion=emotion, speaker=speaker)
        for speaker in map(str, range(n_speakers))
        for emotion in ("anger", "sadness")
    ]
    return Corpus(name="toy", root=root, utterances=tuple(clips))


def answers(*right):
    """Clips that are recognised or not, alternately angry and sad."""
    truth = np.arange(len(right)) % 2
    chosen = np.where(right, truth, 1 - truth)
    return Predictions(
        files=tuple(f"{i}.wav" for i in range(len(right))),
        truth=truth,
        probabilities=np.eye(2)[chosen] * 0.5 + 0.25,
        speakers=("a",) * len(right),
        genders=(None,) * len(right),
        labels=("anger", "sadness"),
    )


@pytest.fixture
def planned():
    return PlannedRun(system="cnn", fold=0, seed=0, config=CONFIG)


@pytest.fixture
def run(tmp_path):
    """A folder with what a finished run has, as far as the archive reads it."""
    run = Run(tmp_path / "run")
    _, split = split_corpus(corpus(tmp_path), CONFIG, Listener())
    test, validation = answers(1, 1, 1, 0), answers(1, 0)
    scores = score(
        test, protocol="toy-2-holdout", part="test", speaker_disjoint=True, seed=0, n_resamples=10
    )
    run.write_text("config.yaml", to_yaml(CONFIG))
    run.write_text(MODEL, "weights")
    run.write_json("scores.json", scores.as_dict())
    write_predictions(test, run.path / "predictions.csv")
    write_predictions(validation, run.path / "validation_predictions.csv")
    run.write_json(TOLD, {"system": "cnn", "fold": 0, "seed": 0, "seconds": 90.0})
    machine = {"platform": "Linux-6.1-secret-x86_64-with-glibc2.36", "command": ["/home/me/x"]}
    run.write_json("environment.json", {**machine, "processors": 2})
    facts = {"format": 1, "finished": "2026-01-01", "root": "/home/me", "split_hash": split.hash}
    run.write_json("run.json", {**facts, "protocol": "toy-2-holdout", "protocol_hash": ""})
    return run


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive")


def test_what_was_kept_is_found_without_the_run(archive, run, planned, tmp_path):
    archive.keep(run, planned)
    for file in sorted(run.path.iterdir()):
        file.unlink()
    found = archive.find(planned, corpus(tmp_path))
    assert (found.protocol, found.seconds) == ("toy-2-holdout", 90.0)
    assert (found.test.predicted == found.test.truth).tolist() == [True, True, True, False]
    assert found.validation.files == ("0.wav", "1.wav")


def test_only_numbers_are_kept_and_no_path_of_the_machine(archive, run, planned):
    archive.keep(run, planned)
    place = archive.place(planned)
    names = {path.name for path in place.iterdir()}
    assert names == {
        "scores.json", "predictions.csv", "validation_predictions.csv", "config.yaml", "facts.json",
    }  # fmt: skip
    told = (place / "facts.json").read_text()
    assert "/home" not in told
    assert "secret" not in told
    assert json.loads(told)["environment"]["platform"] == "Linux x86_64"


@pytest.mark.parametrize(
    "other",
    [
        {"config": replace(CONFIG, fit=replace(CONFIG.fit, epochs=3))},
        {"system": "lstm"},
        {"fold": 1},
        {"start": Path("runs/x")},
    ],
)
def test_another_run_is_not_found(archive, run, planned, tmp_path, other):
    archive.keep(run, planned)
    assert archive.find(replace(planned, **other), corpus(tmp_path)) is None


def test_other_clips_or_another_format_make_it_stale(archive, run, planned, tmp_path):
    archive.keep(run, planned)
    assert archive.find(planned, corpus(tmp_path, n_speakers=7)) is None
    file = archive.place(planned) / "facts.json"
    file.write_text(file.read_text().replace('"run_format": 1', '"run_format": 0'))
    assert archive.find(planned, corpus(tmp_path)) is None


@pytest.mark.parametrize(("told", "found"), [("anger", True), ("sadness", False)])
def test_a_clip_of_another_class_makes_it_stale(archive, run, planned, tmp_path, told, found):
    """The hash of a split tells files and parts, and no classes; 0-anger.wav is angry."""
    answered = replace(answers(1), files=("0-anger.wav",), truth=np.array([told == "sadness"]) * 1)
    write_predictions(answered, run.path / "predictions.csv")
    archive.keep(run, planned)
    assert (archive.find(planned, corpus(tmp_path)) is not None) == found


def test_a_key_that_came_later_does_not_make_it_stale(archive, run, planned, tmp_path):
    """An older file lacks the key, and was trained with what is its default now."""
    archive.keep(run, planned)
    file = archive.place(planned) / "config.yaml"
    lines = [line for line in file.read_text().splitlines() if "patience" not in line]
    file.write_text("\n".join(lines))
    assert archive.find(planned, corpus(tmp_path)) is not None


def test_half_an_entry_is_none_and_a_damaged_one_is_told(archive, run, planned, tmp_path):
    archive.keep(run, planned)
    file = archive.place(planned) / "facts.json"
    file.write_text("{}")
    with pytest.raises(RunError, match=r"facts\.json: lacks .*; remove the entry"):
        archive.find(planned, corpus(tmp_path))
    file.unlink()
    assert archive.find(planned, corpus(tmp_path)) is None


def test_names_of_entries_can_be_names_of_folders():
    """The eight digits begin the SHA-256 of the name."""
    assert entry_name("joint-refit", 2, 1) == "joint-refit-f2-s1"
    assert entry_name("n_mels 40, quiet/loud", 2, 1) == "n_mels-40-quiet-loud-99dfc5b3-f2-s1"


def test_names_that_differ_in_a_comma_alone_have_entries_of_their_own(
    archive, run, planned, tmp_path
):
    one, other = (replace(planned, system=name) for name in ("cnn, wide", "cnn wide"))
    archive.keep(run, one)
    archive.keep(run, other)
    assert archive.find(one, corpus(tmp_path)) is not None
    assert archive.find(other, corpus(tmp_path)) is not None


def test_an_entry_from_before_names_were_kept_apart_is_found(archive, run, planned, tmp_path):
    one, other = (replace(planned, system=name) for name in ("cnn, wide", "cnn wide"))
    archive.keep(run, one)
    archive.place(one).rename(archive.folder / "cnn-wide-f0-s0")
    assert archive.find(one, corpus(tmp_path)) is not None
    assert archive.find(other, corpus(tmp_path)) is None


def test_a_long_name_of_a_system_makes_no_long_name_of_a_folder(archive, run, planned, tmp_path):
    one, other = (replace(planned, system="q" * 240 + end) for end in "ab")
    archive.keep(run, one)
    assert len(archive.place(one).name) < 140
    assert archive.find(one, corpus(tmp_path)) is not None
    assert archive.find(other, corpus(tmp_path)) is None
