import json
from dataclasses import replace

import pytest

from speechsent.errors import ParameterError
from speechsent.evaluation.calibrated import Calibration, calibration_scores
from speechsent.evaluation.intervals import wilson
from speechsent.evaluation.linear import compare_linear
from speechsent.evaluation.scores import Scores


def test_totals_are_those_worked_out_by_hand(six, make_scores):
    """Recall is 2/3, 1/2, 1; each F1 is 2/3, as 2 * 2 / (3 + 3) = 2 * 1 / (2 + 1)."""
    scores = make_scores(six)
    assert (scores.k, scores.n) == (4, 6)
    assert scores.accuracy == pytest.approx(4 / 6)
    assert scores.uar == pytest.approx(13 / 18)
    assert scores.macro_f1 == pytest.approx(2 / 3)
    assert scores.confusion == ((2, 0, 1), (1, 1, 0), (0, 0, 1))
    assert scores.chance_uar == pytest.approx(1 / 3)


def test_intervals_are_by_speaker_for_uar_and_wilson_for_accuracy(six, make_scores):
    """Drawn twice, speaker a scores 2/3 and b 3/4; each happens in a quarter of the draws."""
    scores = make_scores(six)
    assert (scores.uar_interval.low, scores.uar_interval.high) == pytest.approx((2 / 3, 3 / 4))
    assert scores.uar_interval.method == "bootstrap over speakers"
    assert (scores.accuracy_interval.low, scores.accuracy_interval.high) == wilson(4, 6)
    assert scores.accuracy_interval.method == "Wilson"


def test_confidence_holds_for_every_interval(six, make_scores):
    scores = make_scores(six, confidence=0.8)
    assert scores.uar_interval.confidence == scores.accuracy_interval.confidence == 0.8
    assert (scores.recall["anger"].low, scores.recall["anger"].high) == wilson(2, 3, confidence=0.8)


def test_recall_of_each_class_has_its_counts(six, make_scores):
    recall = make_scores(six).recall
    assert {name: (row.k, row.n) for name, row in recall.items()} == {
        "anger": (2, 3),
        "fear": (1, 2),
        "joy": (1, 1),
    }
    assert recall["fear"].recall == 0.5


def test_a_class_without_clips_has_no_recall_and_does_not_lower_uar(make_predictions, make_scores):
    scores = make_scores(make_predictions([0, 1], [0, 1]))
    assert scores.uar == 1
    assert scores.recall["joy"].recall is scores.recall["joy"].low is None
    assert scores.recall["joy"].n == 0


def test_the_worst_speaker_comes_first(six, make_scores):
    scores = make_scores(replace(six, speakers=tuple("bbbaaa")))
    assert [(row.name, row.n) for row in scores.per_speaker] == [("b", 3), ("a", 3)]
    assert [row.uar for row in scores.per_speaker] == pytest.approx([2 / 3, 3 / 4])
    assert [row.accuracy for row in scores.per_speaker] == pytest.approx([2 / 3, 2 / 3])


def test_genders_are_rows_by_name(six, make_scores):
    scores = make_scores(six)
    assert [(row.name, row.n) for row in scores.per_gender] == [("female", 3), ("male", 3)]


def test_the_majority_baseline_always_answers_the_class_of_the_training_set(six, make_scores):
    """Fear is most frequent in training; of the six clips two are fear."""
    majority = make_scores(six, majority=1).majority
    assert majority.answer == "fear"
    assert majority.accuracy == pytest.approx(2 / 6)
    assert majority.uar == pytest.approx(1 / 3)


@pytest.mark.parametrize("majority", [-1, 3])
def test_the_majority_must_be_a_class(six, make_scores, majority):
    with pytest.raises(ParameterError, match=f"majority={majority}"):
        make_scores(six, majority=majority)


def test_unknown_speakers_have_no_row_and_are_noted(six, make_scores):
    scores = make_scores(replace(six, speakers=("a", "a", "a", None, None, "b")), note="by clips")
    assert [row.name for row in scores.per_speaker] == ["a", "b"]
    assert scores.note == "by clips; speaker unknown for 2 of 6 clips, which no speaker row counts"
    assert scores.uar_interval.method == "bootstrap over clips"


def test_few_speakers_are_noted(six, make_scores, make_predictions):
    assert "speakers: 2, so few" in make_scores(six).note
    ten = make_predictions([0] * 10, [0] * 10, speakers="abcdefghij")
    assert make_scores(ten).note == ""


def test_equal_seeds_give_equal_scores(six, make_scores):
    assert make_scores(six, n_resamples=50) == make_scores(six, n_resamples=50)


@pytest.mark.parametrize("majority", [None, 0])
def test_scores_survive_json(make_predictions, make_scores, majority):
    scores = make_scores(
        make_predictions([0, 1], [0, 0], speakers=[None, None]),
        majority=majority,
        n_train=40,
        split_hash="abc",
    )
    text = json.dumps(scores.as_dict(), allow_nan=False)
    assert Scores.from_dict(json.loads(text)) == scores


def test_as_dict_is_what_json_gives_back(six, make_scores):
    plain = make_scores(six).as_dict()
    assert json.loads(json.dumps(plain)) == plain


def test_scores_of_a_named_protocol_survive_json(six, make_scores):
    scores = make_scores(six, protocol_hash="0123456789ab", fold="fold 2", n_folds=5)
    assert (scores.protocol_hash, scores.fold, scores.n_folds) == ("0123456789ab", "fold 2", 5)
    assert Scores.from_dict(json.loads(json.dumps(scores.as_dict()))) == scores


def test_scores_written_before_protocols_had_folds_stay_readable(six, make_scores):
    scores = make_scores(six)
    raw = scores.as_dict()
    for key in ("protocol_hash", "fold", "n_folds"):
        del raw[key]
    assert Scores.from_dict(raw) == scores


def test_scores_written_before_intervals_baseline_and_calibration_stay_readable(six, make_scores):
    raw = make_scores(six).as_dict()
    for key in ("accuracy_bootstrap", "macro_f1_interval", "linear", "calibration"):
        del raw[key]
    for row in raw["recall"].values():
        del row["bootstrap_low"], row["bootstrap_high"]
    found = Scores.from_dict(raw)
    assert found.uar_interval == make_scores(six).uar_interval
    assert found.accuracy_bootstrap is found.macro_f1_interval is None
    assert found.linear is found.calibration is None
    assert found.recall["anger"].bootstrap_low is None


def test_accuracy_macro_f1_and_recall_have_intervals_by_speaker(six, make_scores):
    """Drawn twice, speaker a has accuracy 2/3 and mean F1 (4/5 + 0) / 2, speaker b 2/3 and
    (0 + 2/3 + 1) / 3; both together have a mean F1 of 2/3. Fear and joy are b's alone."""
    scores = make_scores(six)
    ends = {
        "accuracy": (scores.accuracy_bootstrap.low, scores.accuracy_bootstrap.high),
        "macro-F1": (scores.macro_f1_interval.low, scores.macro_f1_interval.high),
        **{name: (r.bootstrap_low, r.bootstrap_high) for name, r in scores.recall.items()},
    }
    assert ends["accuracy"] == pytest.approx((2 / 3, 2 / 3))
    assert ends["macro-F1"] == pytest.approx((0.4, 2 / 3))
    assert ends["anger"] == pytest.approx((2 / 3, 2 / 3))
    assert ends["fear"] == (0.5, 0.5)
    assert ends["joy"] == (1, 1)


def test_baseline_and_calibration_survive_json(six, make_predictions, make_scores):
    linear = make_predictions([0, 0, 0, 1, 1, 2], [0, 0, 0, 1, 1, 1], speakers="aaabbb")
    calibration = Calibration(temperature=2.0, n_validation=9, ece_before=0.2, ece_after=0.1)
    scores = replace(
        make_scores(six),
        linear=compare_linear(six, linear, seed=0),
        calibration=calibration_scores(six, calibration),
    )
    assert Scores.from_dict(json.loads(json.dumps(scores.as_dict()))) == scores


@pytest.mark.parametrize("damage", [{"extra": 1}, {"uar_interval": {"low": 0}}, {"recall": {}}])
def test_damaged_scores_are_refused(six, make_scores, damage):
    raw = make_scores(six).as_dict() | damage
    if damage == {"recall": {}}:
        del raw["labels"]
    with pytest.raises(ParameterError, match="exactly these keys: protocol, split_hash"):
        Scores.from_dict(raw)
