"""Systems made of the answers of others: averaged, multiplied, weighted, stacked."""

from collections.abc import Sequence
from dataclasses import replace
from math import comb

import numpy as np

from speechsent.errors import ParameterError
from speechsent.evaluation.predictions import Predictions
from speechsent.metrics import unweighted_average_recall
from speechsent.study.plan import How

SMALLEST = 1e-7  # probability that counts as none
STEPS = 20  # weights are tried in steps of 1/20, in coarser ones of seven systems and more
MOST = 60_000  # weights that are tried; a sixth system makes 53,130, an eighth would make 888,030


def combine(
    how: How, test: Sequence[Predictions], validation: Sequence[Predictions]
) -> Predictions:
    """Combine the answers of several systems on the same clips.

    Weights, and the logistic regression that stacks, are fitted on the validation part; the test
    part's truth is not looked at.

    Args:
        how: ``"average"``, ``"product"``, ``"weighted"`` or ``"stacked"``.
        test: Each system's answers on the test part.
        validation: Each system's answers on the validation part; only used by the latter two.

    Raises:
        ParameterError: If the systems answered for different clips.
    """
    _check_same_clips(test)
    if how == "average":
        mixed = np.mean([system.probabilities for system in test], axis=0)
    elif how == "product":
        mixed = _multiplied(test)
    else:
        _check_same_clips(validation)
        fit = _weighted if how == "weighted" else _stacked
        mixed = fit(test, validation)
    return replace(test[0], probabilities=mixed)


def _multiplied(test: Sequence[Predictions]) -> np.ndarray:
    """Probabilities of each class multiplied, as if systems erred independently."""
    logs = sum(np.log(np.maximum(system.probabilities, SMALLEST)) for system in test)
    odds = np.exp(logs - np.max(logs, axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _weighted(test: Sequence[Predictions], validation: Sequence[Predictions]) -> np.ndarray:
    """Weights of highest validation UAR; of equal ones, the nearest to equal weights."""
    truth, n_classes = validation[0].truth, len(validation[0].labels)
    stacked = np.stack([system.probabilities for system in validation])

    def score(weights: np.ndarray) -> tuple[float, float]:
        answers = np.tensordot(weights, stacked, axes=1).argmax(axis=1)
        uar = unweighted_average_recall(truth, answers, n_classes=n_classes)
        return uar, -float(np.square(weights - 1 / len(weights)).sum())

    best = max(_weights(len(test)), key=score)
    mixed: np.ndarray = np.tensordot(best, np.stack([s.probabilities for s in test]), axes=1)
    return mixed


def _weights(n_systems: int) -> list[np.ndarray]:
    """All shares that are whole multiples of a step and sum to 1."""
    steps = max(n for n in range(1, STEPS + 1) if n == 1 or comb(n + n_systems - 1, n) <= MOST)

    def shares(left: int, n: int) -> list[list[int]]:
        if n == 1:
            return [[left]]
        return [[first, *rest] for first in range(left + 1) for rest in shares(left - first, n - 1)]

    return [np.array(row) / steps for row in shares(steps, n_systems)]


def _stacked(test: Sequence[Predictions], validation: Sequence[Predictions]) -> np.ndarray:
    """Logistic regression on the systems' log-probabilities."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    model.fit(_logs(validation), validation[0].truth)
    probabilities = np.zeros_like(test[0].probabilities)
    probabilities[:, model.classes_] = model.predict_proba(_logs(test))
    return probabilities


def _logs(systems: Sequence[Predictions]) -> np.ndarray:
    return np.log(np.maximum(np.hstack([s.probabilities for s in systems]), SMALLEST))


def _check_same_clips(systems: Sequence[Predictions]) -> None:
    first = systems[0]
    for other in systems[1:]:
        if other.files != first.files or other.labels != first.labels:
            raise ParameterError("systems are combined on the same clips and labels")
