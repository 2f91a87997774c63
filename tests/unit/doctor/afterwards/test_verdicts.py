import csv

import pytest

from speechsent.doctor import read_run


@pytest.fixture
def found(folder):
    """Findings in the folder as it is now, by name."""
    return lambda: {f.name: f for f in read_run(folder.write()).findings}


def test_a_branch_at_chance(folder, found):
    """A third, and 1.64 deviations of 12 draws, .136 each: .557."""
    folder.stages[0]["best"]["val_uar"] = 0.55
    assert found()["stage-at-chance"].at == "stage 'cnn'"
    assert found()["stage-at-chance"].expected == "more than 0.557"
    folder.stages[0]["best"]["val_uar"] = 0.56
    assert found() == {}


def test_numbers_have_a_bound_of_their_own(folder, found):
    folder.extra["targets"] = {}
    folder.stages = [{"stage": "cnn", "best": {"val_ccc": 0.05}}]
    assert found().keys() == {"stage-at-chance"}
    folder.stages = [{"stage": "cnn", "best": {"val_ccc": 0.4}}]
    assert found() == {}


def test_a_fusion_that_is_no_better_than_a_branch(folder, found):
    folder.stages[2]["best"]["val_uar"] = 0.8
    assert found()["fusion-not-better"].remedy.startswith("--fusion lstm;")


def test_a_network_that_tells_one_class(folder, found):
    folder.scores["confusion"] = [[4, 0, 0]] * 3
    assert found()["classes-never-predicted"].seen == "1 of 3 classes are ever told: anger"
    folder.scores["confusion"] = [[3, 1, 0]] * 3
    assert found() == {}


def test_a_test_that_does_not_bear_validation_out(folder, found):
    """Parts of 12 may differ by 2 sqrt(.25 / 12 + .25 / 12) = .41, parts of 1000 by .2."""
    folder.scores["uar"] = 0.55
    assert found() == {}
    folder.facts["n_clips"] = {"validation": 1000, "test": 1000}
    assert found()["validation-promised-more"].expected == "within 0.2 of each other"


def test_a_difference_of_nothing_is_told_as_nothing(folder, found):
    """The bootstrap's sums leave some 1e-17 where both are as good."""
    linear = {"uar": 0.8, "difference": 0.05, "interval": {"low": -5.6e-17}}
    folder.scores["linear"] = linear
    assert found()["linear-as-good"].seen.endswith("the difference is +0.05, and may be +0")


@pytest.mark.parametrize(
    ("difference", "low", "severity"), [(-0.1, -0.3, "warning"), (0.1, -0.05, "note")]
)
def test_a_linear_model_that_is_as_good(folder, found, difference, low, severity):
    folder.scores["linear"] = {"uar": 0.8, "difference": difference, "interval": {"low": low}}
    assert found()["linear-as-good"].severity == severity


@pytest.mark.parametrize(("correct", "named"), [("0", True), ("1", False)])
def test_probabilities_that_promise_too_much(folder, found, correct, named):
    """Sure to .9 and never right, against sure to .9 and always right."""
    folder.scores["calibration"] = {"ece_before": 0.9}
    row = {"correct": correct, "anger": 0.9, "fear": 0.05, "joy": 0.05}
    with (folder.write() / "predictions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerows([row] * 4)
    assert ("over-confident" in found()) == named


def test_without_scores_nothing_is_said_of_them(folder, found):
    folder.scores = {}
    assert found() == {}
