"""Run folders written by hand: no training, and no code of the package but for the format."""

import csv
import json
from pathlib import Path

import pytest

from speechsent.run import FORMAT, MODEL

LABELS = ("anger", "fear")
# Three clips of each speaker, two of anger and one of fear.
CLIPS = [
    (f"{speaker}{n}.wav", f"toy/{speaker}", emotion)
    for speaker in "abcd"
    for n, emotion in enumerate(("anger", "anger", "fear"))
]


def write_csv(path: Path, rows: list[list]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


@pytest.fixture
def make_run(tmp_path):
    """Write a run folder; ``wrong`` are the test clips it takes for the other emotion."""

    def make(name, *, wrong=(), scored=True, config="", clips=CLIPS, **facts):
        path = tmp_path / "runs" / "toy" / name
        path.mkdir(parents=True)
        (path / "config.yaml").write_text(config)
        (path / MODEL).write_text("weights")
        given = {
            "format": FORMAT,
            "finished": "2026-01-01T10:20:30+00:00",
            "corpus": "toy",
            "root": "/corpus",
            "mode": "joint",
            "protocol": "toy-2-holdout",
            "protocol_hash": "",
            "fold": "",
            "split_hash": "5717",
            "note": "",
            "validation_uar": 0.75,
        }
        (path / "run.json").write_text(json.dumps(given | facts))
        (path / "labels.json").write_text(json.dumps(LABELS))
        head = ["file", "sha256", "speaker", "gender", "emotion", "start", "end", "part"]
        rows = [[f, f"hash of {f}", s, "", e, 0.0, "", "test"] for f, s, e in clips]
        trained = [["t.wav", "hash of t", "toy/t", "", "fear", 0.0, "", "train"]]
        write_csv(path / "split.csv", [head, *trained, *rows])
        if scored:
            write_csv(path / "predictions.csv", predictions(clips, wrong))
        return path

    return make


def predictions(clips, wrong):
    rows = [["file", "speaker", "emotion", "predicted", "correct", *LABELS]]
    for file, speaker, emotion in clips:
        answer = {"anger": "fear", "fear": "anger"}[emotion] if file in wrong else emotion
        probabilities = ["0.900000" if label == answer else "0.100000" for label in LABELS]
        rows.append([file, speaker, emotion, answer, int(answer == emotion), *probabilities])
    return rows


@pytest.fixture
def toy_scores():
    """The part of ``scores.json`` a list needs."""
    interval = {"low": 0.5, "high": 0.7, "confidence": 0.95, "method": "bootstrap over speakers"}
    return {"uar": 0.625, "uar_interval": interval}
