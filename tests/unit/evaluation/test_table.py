from dataclasses import replace

import numpy as np
import pytest

from speechsent.evaluation.calibrated import CalibrationScores, CoverageRow
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.linear import LinearComparison
from speechsent.evaluation.table import NOT_BEATEN, table

LONG = tuple(f"disappointment number {i}" for i in range(12))


def lines_of(scores):
    return [" ".join(line.split()) for line in table(scores).splitlines()]


@pytest.mark.parametrize(
    ("speaker_disjoint", "words"),
    [
        (True, "speakers unseen in training"),
        (False, "SPEAKERS OVERLAP with training"),
        (None, "speakers unknown"),
    ],
)
def test_the_first_line_tells_the_protocol(six, make_scores, speaker_disjoint, words):
    scores = make_scores(six, speaker_disjoint=speaker_disjoint)
    assert lines_of(scores)[0] == f"protocol toy-holdout, test: {words}"


def test_the_first_line_tells_fold_and_definition_of_a_named_protocol(six, make_scores):
    scores = make_scores(six, protocol_hash="0123456789ab", fold="fold 2", n_folds=5)
    assert " ".join(lines_of(scores)[:2]) == (
        "protocol toy-holdout, fold 2 (one of 5 folds, definition 0123456789ab), test: "
        "speakers unseen in training"
    )


def test_a_protocol_of_one_fold_tells_its_definition(six, make_scores):
    scores = make_scores(six, protocol_hash="0123456789ab", fold="fold 1")
    assert lines_of(scores)[0] == (
        "protocol toy-holdout (definition 0123456789ab), test: speakers unseen in training"
    )


def test_scores_stand_beside_chance_and_majority(six, make_scores):
    lines = lines_of(make_scores(six, majority=0, n_train=40, split_hash="0123456789abcdef"))
    assert "6 clips, trained on 40, seed 7, split 0123456789ab" in lines
    assert "UAR (UA, balanced accuracy) 0.722 [0.67, 0.75] (95%, bootstrap over speakers)" in lines
    assert any(line.startswith("accuracy (WA) 4/6 = 0.667 [0.30, 0.90]") for line in lines)
    assert "macro-F1 0.667 [0.40, 0.67] (95%, bootstrap over speakers)" in lines
    assert "chance: UAR 0.333" in lines
    assert "always 'anger' (majority in training): accuracy 0.500, UAR 0.333" in lines


def test_recall_is_drawn_as_bars(six, make_scores):
    bars = {line.split()[0]: line.count("#") for line in lines_of(make_scores(six)) if "#" in line}
    assert bars == {"anger": 27, "fear": 20, "joy": 40}


def test_a_class_without_clips_is_told(make_predictions, make_scores):
    assert "joy no clips" in lines_of(make_scores(make_predictions([0, 1], [0, 1])))


def test_the_confusion_has_a_row_for_each_true_class(six, make_scores):
    lines = lines_of(make_scores(six))
    header = lines.index("confusion (rows: truth, columns: answer)")
    assert lines[header + 1 : header + 5] == [
        "anger fear joy",
        "anger 2 0 1",
        "fear 1 1 0",
        "joy 0 0 1",
    ]


def test_names_of_classes_are_whole_in_the_confusion(make_predictions, make_scores):
    labels = ("happiness", "high_arousal", "low_arousal")
    lines = lines_of(make_scores(make_predictions([0, 1], [0, 1], labels=labels)))
    header = lines.index("confusion (rows: truth, columns: answer)")
    assert lines[header + 1 : header + 4] == [
        "happiness high_arousal low_arousal",
        "happiness 1 0 0",
        "high_arousal 0 1 0",
    ]


def test_ten_speakers_are_shown_and_the_others_counted(make_predictions, make_scores):
    answers = [0] * 11 + [1]
    lines = lines_of(make_scores(make_predictions([0] * 12, answers, speakers="abcdefghijkl")))
    first = lines.index("speaker, worst first clips UAR accuracy")
    assert lines[first + 1] == "l 1 0.000 0.000"
    assert lines[first + 11 :] == ["... 2 more"]


def test_unknown_speakers_and_genders_have_no_rows(make_predictions, make_scores):
    scores = make_scores(make_predictions([0, 1], [0, 1], speakers=[None, None]))
    assert "worst first" not in table(scores)
    assert "gender" not in table(scores)
    assert "note: speaker unknown for 2 of 2 clips" in table(scores)


def test_twelve_classes_with_long_names_fit_into_100_columns(make_predictions, make_scores):
    truth = np.repeat(range(12), 300)
    speakers = [f"a corpus with a long name/{i % 12}" for i in range(len(truth))]
    predictions = make_predictions(truth, truth, speakers=speakers, labels=LONG)
    scores = make_scores(predictions, majority=0, note="what a reader must know " * 9)
    report = table(scores)
    assert max(map(len, report.splitlines())) <= 100
    assert report.isascii()


def comparison(low, **changes):
    interval = Interval(low=low, high=0.15, confidence=0.95, method="bootstrap over speakers")
    given = {"uar": 0.478, "accuracy": 0.5, "difference": 0.101, "interval": interval,
             "p": 0.0012, "mcnemar_p": 0.5}  # fmt: skip
    return LinearComparison(**(given | changes))


def test_the_net_stands_beside_the_linear_baseline(six, make_scores):
    lines = lines_of(replace(make_scores(six), linear=comparison(0.05)))
    assert (
        "linear baseline on clip statistics: UAR 0.478; the net is +0.10 [0.05, 0.15], p = 0.001"
    ) in lines
    assert NOT_BEATEN not in lines


@pytest.mark.parametrize(("n_speakers", "told"), [(4, 1), (9, 1), (10, 0)])
def test_few_speakers_make_interval_and_p_of_the_baseline_too_small(
    six, make_scores, n_speakers, told
):
    row = make_scores(six).per_speaker[0]
    scores = replace(make_scores(six), linear=comparison(0.05), per_speaker=(row,) * n_speakers)
    line = f"speakers: {n_speakers}, so few that this interval and p are too small"
    assert lines_of(scores).count(line) == told


@pytest.mark.parametrize("low", [0.0, -0.3])
def test_a_net_that_does_not_beat_the_baseline_is_told_so(six, make_scores, low):
    scores = replace(make_scores(six), linear=comparison(low))
    assert "the net does not beat a linear model on clip statistics" in lines_of(scores)


def test_a_tiny_p_is_not_written_as_zero(six, make_scores):
    scores = replace(make_scores(six), linear=comparison(0.05, p=0.0002))
    assert any(line.endswith("p < 0.001") for line in lines_of(scores))


def test_calibration_has_two_lines(six, make_scores):
    rows = tuple(
        CoverageRow(wanted=share, coverage=share, accuracy=1 - share / 2, threshold=0.5)
        for share in (1.0, 0.5)
    )
    found = CalibrationScores(
        temperature=1.5, n_validation=9, ece_before=0.2, ece_after=0.1,
        brier_before=0.6, brier_after=0.5, coverage=rows,
    )  # fmt: skip
    lines = lines_of(replace(make_scores(six), calibration=found))
    assert "calibration: temperature 1.50, ECE 0.200 -> 0.100, Brier 0.600 -> 0.500" in lines
    assert "accuracy of the most confident clips: 100% 0.50, 50% 0.75" in lines


def test_accuracy_by_speakers_stands_beside_wilson_where_speakers_are_known(six, make_scores):
    assert "(95%, Wilson); by speakers [0.67, 0.67]" in table(make_scores(six))
    unknown = replace(six, speakers=(None,) * 6)
    assert "by speakers" not in table(make_scores(unknown))
