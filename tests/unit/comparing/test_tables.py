from pathlib import Path

import pytest

from speechsent.comparing.differences import Difference
from speechsent.comparing.reproduction import Reproduction
from speechsent.comparing.tables import reproduction_table

MATCH = {
    "run": Path("runs/toy/a"),
    "kept": None,
    "compared": ("model.weights.h5", "history.csv"),
    "differences": (),
    "environment": (),
}


@pytest.fixture
def differing():
    place, told = "stage joint, epoch 1, loss", "0.5 recorded, 0.6 now"
    return MATCH | {
        "kept": Path("again/toy/b"),
        "differences": (Difference(file="history.csv", place=place, told=told),),
        "environment": ("keras: 3.14.0 then, 3.15.1 now",),
    }


def test_a_match_names_what_was_compared():
    assert reproduction_table(Reproduction(**MATCH)).splitlines() == [
        "match: runs/toy/a, trained again",
        "  model.weights.h5: the same",
        "  history.csv: the same",
    ]


def test_a_difference_is_told_with_its_likely_cause(differing):
    assert reproduction_table(Reproduction(**differing)).splitlines() == [
        "no match: runs/toy/a, trained again",
        "  model.weights.h5: the same",
        "  history.csv: stage joint, epoch 1, loss: 0.5 recorded, 0.6 now",
        "changed since, and a likely cause: keras: 3.14.0 then, 3.15.1 now",
        "new run again/toy/b",
    ]


def test_json_holds_the_verdict(differing):
    assert Reproduction(**MATCH).as_dict()["match"] is True
    assert Reproduction(**differing).as_dict()["match"] is False
