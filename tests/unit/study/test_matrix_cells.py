import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from speechsent.config import from_dict
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import ParameterError
from speechsent.evaluation.predictions import Predictions, write_predictions
from speechsent.run import Run
from speechsent.study import matrix as matrix_module
from speechsent.study.matrix import cross_corpus_matrix
from speechsent.study.matrix_cells import Cell, Matrix, restricted
from speechsent.study.matrix_tables import as_csv, markdown, matrix_figure
from speechsent.training.listener import Listener

LABELS = ("calm", "anger", "fear")


def answers(truth, rows):
    n = len(truth)
    return Predictions(
        files=tuple(f"{i}.wav" for i in range(n)),
        truth=np.array(truth),
        probabilities=np.array(rows),
        speakers=tuple(f"s{i % 2}" for i in range(n)),
        genders=(None,) * n,
        labels=LABELS,
    )


ONE = answers([1, 2, 1, 2], [[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9]])


def test_only_shared_classes_can_be_answered():
    shared = restricted(ONE, ("anger", "fear"))
    assert shared.labels == ("anger", "fear")
    assert shared.truth.tolist() == [0, 1, 0, 1]
    assert shared.predicted.tolist() == [0, 0, 0, 1]
    assert shared.probabilities[0] == pytest.approx([2 / 3, 1 / 3])


def test_all_classes_shared_changes_nothing():
    assert restricted(ONE, LABELS) is ONE


def test_a_cell_is_scored_over_the_shared_classes_and_the_seeds():
    other = answers([1, 2, 1, 2], [[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]] * 2)
    cell = Cell.of("a", "b", [ONE, other], ("anger", "fear"), {"anger", "fear", "calm", "joy"})
    assert cell.uar.mean == pytest.approx((0.75 + 1) / 2)  # recalls 1 and 1/2, then all right
    assert cell.uar.n == 2
    assert cell.chance == 0.5
    assert cell.left_out == ("calm", "joy")
    assert (cell.n_clips, cell.n_speakers) == (4, 2)
    assert cell.interval.low <= cell.uar.mean <= cell.interval.high
    assert not cell.within


@pytest.fixture
def matrix(tmp_path):
    cells = {
        pair: Cell.of(*pair, [ONE], ("anger", "fear"), LABELS)
        for pair in (("a", "a"), ("a", "b"), ("b", "b"))
    }
    return Matrix(
        names=("a", "b"), cells=cells, seeds=(0,), folder=tmp_path, n_trained=0, n_found=2
    )


def test_the_diagonal_is_bold_and_a_pair_without_classes_says_so(matrix):
    lines = markdown(matrix).splitlines()
    (first,) = [line for line in lines if line.startswith("| a | **")]
    (second,) = [line for line in lines if line.startswith("| b | fewer than 2 common classes")]
    assert first.count("**") == 2
    assert second.split("|")[3].strip().startswith("**75.0 [")
    assert "| a | b | 4 | 2 | 50.0 | 2: anger, fear | calm | none |" in lines
    assert "| a | a (its test part) | 4 | 2 | 50.0 | 2: anger, fear | calm | none |" in lines


def test_names_of_corpora_break_no_table(tmp_path):
    """Folders may be called so; what ends a cell in Markdown is a bar without a backslash."""
    names = ("a|b", "c")
    cells = {(x, y): Cell.of(x, y, [ONE], ("anger", "fear"), LABELS) for x in names for y in names}
    odd = Matrix(names=names, cells=cells, seeds=(0,), folder=tmp_path, n_trained=0, n_found=2)
    rows = [line for line in markdown(odd).splitlines() if line.startswith("|")]
    n_bars = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert n_bars == [4] * 4 + [9] * 6


def test_the_csv_has_a_line_for_each_cell(matrix):
    rows = list(csv.DictReader(io.StringIO(as_csv(matrix))))
    assert [(row["trained_on"], row["tested_on"], row["within"]) for row in rows] == [
        ("a", "a", "1"),
        ("a", "b", "0"),
        ("b", "b", "1"),
    ]
    assert float(rows[1]["uar"]) == 0.75


def test_the_picture_is_a_png(matrix, tmp_path):
    matrix_figure(matrix, tmp_path / "m.png")
    assert (tmp_path / "m.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("seeds", [(), (0, 0), (-1,)])
def test_seeds_that_are_not_different_are_refused(seeds):
    with pytest.raises(ParameterError, match="seeds differ"):
        cross_corpus_matrix(None, ["a", "b"], seeds=seeds)


def test_one_corpus_makes_no_matrix():
    with pytest.raises(ParameterError, match="two or more corpora"):
        cross_corpus_matrix(None, ["a"])


def test_merged_classes_are_refused():
    config = from_dict({"corpus": {"merge": {"anger": "low", "fear": "high"}}})
    with pytest.raises(ParameterError, match="as they are"):
        cross_corpus_matrix(config, ["a", "b"])


def test_a_cell_whose_speakers_were_trained_on_is_marked_and_says_why():
    told = {"speaker_disjoint": False, "note": "leaks: speakers-shared (4 of 6)"}
    cell = Cell.of("a", "b", [ONE], ("anger", "fear"), LABELS, **told)
    matrix = Matrix(
        names=("a", "b"),
        cells={("a", "b"): cell},
        seeds=(0,),
        folder=Path(),
        n_trained=0,
        n_found=0,
    )
    lines = markdown(matrix).splitlines()
    (grid,) = [line for line in lines if "†" in line and line.startswith("| a")]
    assert grid.endswith("] † |")
    assert any(line.endswith("| leaks: speakers-shared (4 of 6) |") for line in lines)


@pytest.fixture
def tested(tmp_path, monkeypatch):
    """What ``evaluate`` is called with; it writes predictions and scores, as a test does."""
    calls = []

    def evaluate(run, corpus, *, out, **_):
        calls.append(out)
        write_predictions(ONE, out / "predictions.csv")
        Run(out).write_json("scores.json", {"speaker_disjoint": True, "note": ""})

    monkeypatch.setattr(matrix_module, "evaluate", evaluate)
    return calls


def test_a_test_that_was_cut_before_its_scores_is_made_again(tested, tmp_path):
    run = Run(tmp_path / "run")
    run.write_text("config.yaml", "")
    run.write_json("labels.json", list(LABELS))
    clips = (Utterance(path=tmp_path / f"{e}.wav", emotion=e) for e in LABELS)
    one = Corpus(name="one", root=tmp_path, utterances=tuple(clips))
    other = replace(one, name="other")
    cut = run.path / "evaluations" / "other"
    write_predictions(ONE, cut / "predictions.csv")
    for _ in range(2):
        cell = matrix_module._cell(one, other, [run], Listener(), None)
        assert cell.uar.mean == 0.5  # of each emotion one of two
    assert tested == [cut]
