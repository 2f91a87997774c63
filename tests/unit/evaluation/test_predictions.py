import csv
from dataclasses import replace

import numpy as np
import pytest

from speechsent.errors import ParameterError, RunError
from speechsent.evaluation.predictions import read_predictions, write_predictions

HEADER = "file,speaker,emotion,predicted,correct,anger,fear\n"


def test_the_answer_is_the_most_probable_class(six):
    assert six.predicted.tolist() == [0, 0, 2, 1, 0, 2]
    assert six.confusion().tolist() == [[2, 0, 1], [1, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"speakers": ("a",)}, r"one entry a clip. Received: \{'files': 6, .*'speakers': 1"),
        ({"labels": ("anger", "fear")}, "one column a label"),
        ({"probabilities": np.full((6, 3), 0.5)}, r"sum to 1. .*clips/0.wav.*\(6 in all\)"),
        ({"probabilities": np.tile([1.5, -0.5, 0.0], (6, 1))}, "must not be negative"),
        ({"probabilities": np.full((6, 3), np.nan)}, "must not be negative"),
        ({"truth": np.array([0, 0, 0, 0, 0, 3])}, r"in \[0, 3\). Received: truth with 3"),
    ],
)
def test_unsound_predictions_are_refused(six, change, message):
    with pytest.raises(ParameterError, match=message):
        replace(six, **change)


def test_no_clips_are_refused(make_predictions):
    with pytest.raises(ParameterError, match="at least one utterance"):
        make_predictions(np.zeros(0, int), np.zeros(0, int))


def test_the_table_has_a_row_a_clip_and_a_column_a_class(six, tmp_path):
    write_predictions(six, tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[2] == {
        "file": "clips/2.wav",
        "speaker": "a",
        "emotion": "anger",
        "predicted": "joy",
        "correct": "0",
        "anger": "0.200000",
        "fear": "0.200000",
        "joy": "0.600000",
    }
    assert [row["correct"] for row in rows] == ["1", "1", "0", "1", "0", "1"]
    assert [path.name for path in tmp_path.iterdir()] == ["p.csv"]


def test_what_was_written_is_read_back(six, tmp_path):
    six = replace(six, speakers=(None, "b, c", 'd"', "é", "e", "f"))
    write_predictions(six, tmp_path / "p.csv")
    back = read_predictions(tmp_path / "p.csv")
    assert (back.files, back.speakers, back.labels) == (six.files, six.speakers, six.labels)
    assert back.genders == (None,) * 6
    np.testing.assert_array_equal(back.truth, six.truth)
    np.testing.assert_allclose(back.probabilities, six.probabilities, atol=5e-7)


def test_the_answer_survives_where_rounding_makes_a_tie(make_predictions, tmp_path):
    predictions = make_predictions([1], [0], labels=("anger", "fear"))
    close = np.array([[0.49999999, 0.50000001]])
    write_predictions(replace(predictions, probabilities=close), tmp_path / "p.csv")
    assert read_predictions(tmp_path / "p.csv").predicted.tolist() == [1]


def test_a_write_that_fails_leaves_the_old_table(six, tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_predictions(replace(six, files=("\ud800",) * 6), path)
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not enough values"),
        ("file,emotion\na,anger\n", "columns must begin with file, speaker, emotion"),
        (HEADER, "need at least one array"),
        (HEADER + "a.wav,s,joy,fear,0,0.1,0.9\n", "not in"),
        (HEADER + "a.wav,s,fear,fear,1,0.1,high\n", "could not convert"),
        (HEADER + "a.wav,s,fear,fear,1,0.1\n", "index 1 is out of bounds"),
        (HEADER + "a.wav,s,fear,fear,1,0.9,0.1\n", "'fear' is not the most probable"),
        (HEADER + "a.wav,s,fear,fear,1,0.1,0.2\n", "sum to 1"),
        (HEADER + "a" * 200_000 + ",s,fear,fear,1,0.1,0.9\n", "field larger than field limit"),
    ],
)
def test_another_table_is_refused(tmp_path, text, message):
    path = tmp_path / "p.csv"
    path.write_text(text)
    with pytest.raises(RunError, match=rf"p\.csv: not a table of predictions.*{message}"):
        read_predictions(path)


def test_a_missing_table_is_told(tmp_path):
    with pytest.raises(RunError, match="No such file"):
        read_predictions(tmp_path / "p.csv")
