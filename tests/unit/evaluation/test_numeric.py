import csv

import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.evaluation.numeric import NumericPredictions, write_numbers
from speechsent.evaluation.scatter import scatter_figure


@pytest.fixture
def two():
    """Two clips, two targets."""
    return NumericPredictions(
        files=("a.wav", "b.wav"),
        speakers=("s1", None),
        names=("arousal", "f0"),
        truth=np.array([[0.1, 200.0], [1e-17, 120.0]]),
        predicted=np.array([[0.25, 190.123456789], [0.5, 130.0]]),
    )


def test_a_table_holds_truth_beside_what_was_told(two, tmp_path):
    write_numbers(two, tmp_path / "p.csv")
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "file", "speaker", "arousal", "arousal_predicted", "f0", "f0_predicted",
    ]  # fmt: skip
    assert [float(row["arousal"]) for row in rows] == [0.1, 1e-17]
    assert [row["f0_predicted"] for row in rows] == ["190.123", "130"]
    assert [row["speaker"] for row in rows] == ["s1", ""]


def test_predictions_of_other_shapes_are_refused(two):
    with pytest.raises(ParameterError, match=r"one row a clip and one column a target\. .* 1 sp"):
        NumericPredictions(**{**vars(two), "speakers": ("s1",)})


def test_a_picture_is_drawn_with_a_panel_for_each_target(two, tmp_path):
    scatter_figure(two, tmp_path / "s.png", title="toy")
    assert (tmp_path / "s.png").read_bytes().startswith(b"\x89PNG")
