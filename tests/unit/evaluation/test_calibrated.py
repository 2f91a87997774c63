import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from speechsent.errors import ParameterError, RunError
from speechsent.evaluation.calibrated import (
    CALIBRATION,
    Calibration,
    calibration_scores,
    coverage_rows,
)

GIVEN = {"temperature": 2.0, "n_validation": 9, "ece_before": 0.2, "ece_after": 0.1}


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def boastful():
    """Probabilities that are too sure by a factor of 2.5 in their logits."""
    rng = np.random.default_rng(6)
    logits = rng.normal(0, 1.5, (5000, 3))
    steps = softmax(logits).cumsum(axis=1)
    return softmax(2.5 * logits), (rng.random((5000, 1)) > steps[:, :-1]).sum(axis=1)


def test_a_fit_on_validation_clips_finds_the_temperature_and_lowers_the_error(boastful):
    found = Calibration.fit(*boastful)
    assert found.temperature == pytest.approx(2.5, rel=0.1)
    assert found.n_validation == 5000
    assert found.ece_after < 0.03 < 0.1 < found.ece_before


@pytest.mark.parametrize("sure", [0.6, 0.9, 0.99, 0.9999, 1.0])
def test_clips_that_are_all_right_do_not_make_the_network_certain(sure):
    """Every lower temperature would fit them better, until the loss cannot be told from 0."""
    assert Calibration.fit([[sure, 1 - sure], [1 - sure, sure]], [0, 1]).temperature == 1


def test_where_nothing_is_known_nothing_changes():
    found = Calibration.fit([[0.6, 0.4], [0.3, 0.7]], [0, 1])
    assert found([[0.6, 0.4]]) == pytest.approx(np.array([[0.6, 0.4]]))


def test_calibrated_probabilities_are_the_softmax_of_divided_logits():
    """The square roots of 0.64 and 0.36 are 0.8 and 0.6."""
    np.testing.assert_allclose(Calibration(**GIVEN)([0.64, 0.36]), [0.8 / 1.4, 0.6 / 1.4])


def test_a_calibration_is_read_back_from_a_run_folder(tmp_path):
    (tmp_path / CALIBRATION).write_text(json.dumps(Calibration(**GIVEN).as_dict()))
    assert Calibration.find(tmp_path) == Calibration(**GIVEN)


def test_an_older_run_has_none(tmp_path):
    assert Calibration.find(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", json.dumps(GIVEN | {"temperature": 0}), json.dumps(GIVEN | {"extra": 1}),
     json.dumps(GIVEN | {"temperature": "hot"}), json.dumps(GIVEN | {"temperature": float("nan")})],
)  # fmt: skip
def test_a_damaged_calibration_is_refused_by_name(tmp_path, text):
    (tmp_path / CALIBRATION).write_text(text)
    with pytest.raises(RunError, match=r"calibration\.json: not the calibration of a run"):
        Calibration.find(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": -1.0},
        {"temperature": 1e-300},
        {"temperature": 10**400},
        {"temperature": True},
        {"temperature": "1"},
        {"ece_after": float("nan")},
        {"n_validation": 0},
    ],
)
def test_a_calibration_needs_a_temperature_and_a_clip(change):
    with pytest.raises(ParameterError, match=r"a calibration (needs|has)"):
        Calibration(**(GIVEN | change))


def test_errors_before_and_after_are_worked_out_by_hand(make_predictions):
    """One clip, right with 0.6, then with sqrt(0.6) of the sum of all square roots."""
    found = calibration_scores(make_predictions([0], [0]), Calibration(**GIVEN))
    top = 0.6**0.5 / (0.6**0.5 + 2 * 0.2**0.5)
    rest = (1 - top) / 2
    assert found.ece_before == pytest.approx(0.4)
    assert found.ece_after == pytest.approx(1 - top)
    assert found.brier_before == pytest.approx(0.4**2 + 2 * 0.2**2)
    assert found.brier_after == pytest.approx((1 - top) ** 2 + 2 * rest**2)
    assert (found.temperature, found.n_validation) == (2.0, 9)


def test_coverage_goes_from_all_clips_to_the_surer_half(boastful):
    probabilities, truth = boastful
    rows = coverage_rows(probabilities, truth)
    assert [row.wanted for row in rows] == [1.0, 0.9, 0.8, 0.7, 0.6, 0.5]
    confidence = probabilities.max(axis=1)
    for row in rows:
        answered = confidence >= row.threshold
        assert row.coverage == pytest.approx(answered.mean())
        assert row.coverage == pytest.approx(row.wanted, abs=1e-3)
        expected = accuracy_score(truth[answered], probabilities[answered].argmax(axis=1))
        assert row.accuracy == pytest.approx(expected)


def test_clips_of_equal_confidence_are_answered_together():
    """Of ten equally sure clips all are answered, however few are wanted."""
    rows = coverage_rows([[0.7, 0.3]] * 10, [0] * 6 + [1] * 4)
    assert {(row.coverage, row.accuracy, row.threshold) for row in rows} == {(1.0, 0.6, 0.7)}


def test_seven_of_ten_clips_are_seven():
    confidence = np.linspace(0.9, 0.6, 10)
    rows = coverage_rows(np.stack([confidence, 1 - confidence], axis=1), [0] * 10)
    assert [row.coverage for row in rows] == pytest.approx([1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
