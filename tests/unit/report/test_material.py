"""Which clips come first, and curves that are none."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from speechsent.errors import RunError
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.predictions import Predictions
from speechsent.report.material import Material, worst_first
from speechsent.run import FORMAT, Run


def test_the_most_confidently_wrong_come_first_and_the_surest_right_last():
    surely_right, barely_right, barely_wrong, surely_wrong = 0.9, 0.6, 0.4, 0.2
    first = np.array([surely_right, barely_wrong, barely_right, surely_wrong])
    told = Predictions(
        files=tuple("abcd"),
        truth=np.zeros(4, int),
        probabilities=np.stack([first, 1 - first], axis=1),
        speakers=(None,) * 4,
        genders=(None,) * 4,
        labels=("x", "y"),
    )
    assert worst_first(told, ()) == [3, 1, 2, 0]


def test_errors_of_numbers_count_in_units_of_their_spread():
    told = NumericPredictions(
        files=("a", "b"),
        speakers=(None, None),
        names=("small", "large"),
        truth=np.zeros((2, 2)),
        predicted=np.array([[0.0, 10.0], [0.5, 0.0]]),
    )
    assert worst_first(told, (0.1, 100.0)) == [1, 0]


HISTORY = """\
stage,epoch,objective,loss,uar,val_loss,val_uar,kept
joint,1,2.5,1.5,0.5,,,0
functionals,1,,0.5,0.5,0.25,0.75,1
"""


def history_of(folder, content):
    """What the history of a run of emotions is read as."""
    facts = {"format": FORMAT, "finished": "2026-01-01"}
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / "history.csv").write_bytes(content)
    return Material.history.fget(SimpleNamespace(run=Run(folder)))


def test_the_epochs_of_each_stage_are_read(tmp_path):
    found = history_of(tmp_path, HISTORY.encode())
    assert {stage: [row["loss"] for row in rows] for stage, rows in found.items()} == {
        "joint": ["1.5"],
        "functionals": ["0.5"],
    }


@pytest.mark.parametrize(
    ("was", "became"),
    [
        (b"stage,", b"stages,"),
        (b"1.5,", b"x,"),
        (b"1.5,", b"nan,"),
        (b"joint,", b"\xff,"),
        (b"val_uar", b"val_ccc"),
        (b"joint,1,2.5,1.5,0.5,,,0", b"joint,1"),
    ],
)
def test_a_damaged_history_is_named(tmp_path, was, became):
    with pytest.raises(RunError, match=r"history\.csv: damaged; restore it, or delete it"):
        history_of(tmp_path, HISTORY.encode().replace(was, became))
