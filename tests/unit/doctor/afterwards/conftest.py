"""Curves by hand, and a run folder by hand."""

import csv
import json

import numpy as np
import pytest

from speechsent.doctor.afterwards.curves import Curves

PARTS = ("train", "validation", "test")
EMOTIONS = ("anger", "fear", "joy")


@pytest.fixture
def curves():
    """Curves from lists."""

    def make(**columns):
        return Curves("training", {name: np.array(values) for name, values in columns.items()})

    return make


@pytest.fixture
def told():
    """Names of findings."""
    return lambda findings: [finding.name for finding in findings]


def rows_of_a_clean_split():
    """Two speakers a part, each with two takes of each emotion: 36 clips."""
    for part in PARTS:
        for speaker in (f"{part}-1", f"{part}-2"):
            for emotion in EMOTIONS:
                for take in (1, 2):
                    name = f"{speaker}-{emotion}-{take}"
                    yield {
                        "file": f"{name}.wav",
                        "sha256": f"hash of {name}",
                        "speaker": speaker,
                        "emotion": emotion,
                        "start": "0.0",
                        "end": "",
                        "part": part,
                    }


def stage(name, split, score):
    of = {part: [f"{r['file']}@0.0" for r in split if r["part"] == part] for part in PARTS}
    return {
        "stage": name,
        "best": {"val_uar": score},
        "fitted_on": of["train"],
        "validated_on": of["validation"],
    }


class Folder:
    """A run folder whose files can be changed."""

    def __init__(self, path):
        self.path = path
        self.split = list(rows_of_a_clean_split())
        scores = {"cnn": 0.7, "lstm": 0.8, "head": 0.9}
        self.stages = [stage(name, self.split, score) for name, score in scores.items()]
        self.facts = {"root": "/corpus", "validation_uar": 0.9, "n_clips": dict.fromkeys(PARTS, 12)}
        self.scores = {
            "labels": list(EMOTIONS),
            "uar": 0.85,
            "confusion": [[4, 0, 0], [0, 3, 1], [0, 1, 3]],
            "linear": {"uar": 0.5, "difference": 0.35, "interval": {"low": 0.2, "high": 0.5}},
            "calibration": {"ece_before": 0.05},
        }
        self.extra = {}

    def write(self):
        self.path.mkdir(exist_ok=True)
        (self.path / "config.yaml").write_text("fusion: {mode: frozen}\n")
        with (self.path / "split.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, self.split[0])
            writer.writeheader()
            writer.writerows(self.split)
        plain = {"labels": list(EMOTIONS), "stages": self.stages, "scores": self.scores}
        for name, value in {**plain, "run": self.facts, **self.extra}.items():
            (self.path / f"{name}.json").write_text(json.dumps(value))
        return self.path


@pytest.fixture
def folder(tmp_path):
    """A run folder in which nothing is wrong."""
    return Folder(tmp_path / "run")
