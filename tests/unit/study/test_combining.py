import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from speechsent.errors import ParameterError
from speechsent.evaluation.predictions import Predictions
from speechsent.study import combining
from speechsent.study.combining import combine

LABELS = ("angry", "happy", "sad")


def answers(probabilities, truth, prefix="clip"):
    n = len(truth)
    return Predictions(
        files=tuple(f"{prefix}{i}" for i in range(n)),
        truth=np.array(truth),
        probabilities=np.array(probabilities, float),
        speakers=("a",) * n,
        genders=(None,) * n,
        labels=LABELS,
    )


def noisy(rng, truth, quality):
    """Probabilities that tell the truth as far as quality goes."""
    logits = rng.normal(size=(len(truth), 3)) + quality * np.eye(3)[truth]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_averaging_takes_the_mean_of_the_probabilities():
    one = answers([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2]], [0, 1])
    other = answers([[0.2, 0.7, 0.1], [0.2, 0.2, 0.6]], [0, 1])
    mixed = combine("average", [one, other], [one, other])
    np.testing.assert_allclose(mixed.probabilities, [[0.5, 0.4, 0.1], [0.2, 0.4, 0.4]])


def test_a_product_is_that_of_the_probabilities_and_sums_to_one():
    one = answers([[0.8, 0.1, 0.1], [0.2, 0.6, 0.2]], [0, 1])
    other = answers([[0.2, 0.7, 0.1], [0.2, 0.2, 0.6]], [0, 1])
    mixed = combine("product", [one, other], [one, other])
    expected = [[0.16 / 0.24, 0.07 / 0.24, 0.01 / 0.24], [0.04 / 0.28, 0.12 / 0.28, 0.12 / 0.28]]
    np.testing.assert_allclose(mixed.probabilities, expected)


@pytest.mark.parametrize("how", ["weighted", "stacked"])
def test_a_system_that_guesses_gets_little_say(how, rng):
    truth = np.arange(90) % 3
    good, guess = noisy(rng, truth, 6.0), noisy(rng, truth, 0.0)
    validation = [answers(good, truth), answers(guess, truth)]
    test_truth = rng.permutation(truth)
    test = [answers(noisy(rng, test_truth, 6.0), test_truth), answers(guess, test_truth)]
    mixed = combine(how, test, validation)
    assert (mixed.predicted == test_truth).mean() > (test[1].predicted == test_truth).mean() + 0.3
    assert (mixed.predicted == test[0].predicted).mean() > 0.9


@pytest.mark.parametrize("how", ["average", "product", "weighted", "stacked"])
def test_the_truth_of_the_test_part_changes_nothing(how, rng):
    truth = np.arange(30) % 3
    validation = [answers(noisy(rng, truth, 2.0), truth) for _ in range(2)]
    probabilities = [noisy(rng, truth, 2.0) for _ in range(2)]
    one = combine(how, [answers(p, truth) for p in probabilities], validation)
    other = combine(how, [answers(p, (truth + 1) % 3) for p in probabilities], validation)
    np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_weights_that_make_no_difference_are_equal(rng):
    truth = np.arange(30) % 3
    same = answers(np.eye(3)[truth] * 0.7 + 0.1, truth)
    test = [answers(noisy(rng, truth, 1.0), truth) for _ in range(2)]
    weighted = combine("weighted", test, [same, same])
    averaged = combine("average", test, [same, same])
    np.testing.assert_allclose(weighted.probabilities, averaged.probabilities)


def test_weights_of_many_systems_are_tried_in_coarser_steps(rng, monkeypatch):
    """In steps of 1/20 there would be 888,030 for eight systems."""
    tried = itertools.count(1)

    def uar(truth, answers, *, n_classes):
        assert next(tried) <= 60_000
        return float((truth == answers).mean())  # classes are of equal size

    monkeypatch.setattr(combining, "unweighted_average_recall", uar)
    truth = np.arange(30) % 3
    good = answers(noisy(rng, truth, 6.0), truth)
    guesses = [answers(noisy(rng, truth, 0.0), truth) for _ in range(7)]
    mixed = combine("weighted", [good, *guesses], [good, *guesses])
    assert (mixed.predicted == truth).mean() > 0.9
    np.testing.assert_allclose(mixed.probabilities.sum(axis=1), 1)


def test_stacking_is_sklearns_logistic_regression(rng):
    truth = np.arange(60) % 3
    systems = [answers(noisy(rng, truth, 2.0), truth) for _ in range(2)]
    logs = np.log(np.hstack([system.probabilities for system in systems]))
    model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    expected = model.fit(logs, truth).predict_proba(logs)
    found = combine("stacked", systems, systems)
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-9)


def test_systems_on_other_clips_are_not_combined(rng):
    truth = np.arange(6) % 3
    one, other = (answers(noisy(rng, truth, 1.0), truth, prefix) for prefix in ("a", "b"))
    with pytest.raises(ParameterError, match="same clips"):
        combine("average", [one, other], [one, other])
