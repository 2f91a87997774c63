"""Rows beside the totals: each class, each speaker or gender, and the constant answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechsent import metrics
from speechsent.errors import ParameterError
from speechsent.evaluation.intervals import Interval, wilson
from speechsent.evaluation.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class ClassRecall:
    """``k`` of ``n`` clips of a class were recognised; None where ``n`` is 0.

    Args:
        recall: ``k / n``.
        k: Clips recognised.
        n: Clips of the class.
        low: Lower end of the Wilson interval.
        high: Its upper end.
        bootstrap_low: Lower end of the bootstrap interval; None in scores written before it was.
        bootstrap_high: Its upper end.
    """

    recall: float | None
    k: int
    n: int
    low: float | None
    high: float | None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class GroupScore:
    """Scores of the ``n`` clips of one speaker or one gender."""

    name: str
    n: int
    uar: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Scores of always giving the same answer."""

    answer: str
    uar: float
    accuracy: float


def recall_rows(
    confusion: metrics.Counts,
    labels: Sequence[str],
    drawn: Sequence[Interval | None],
    confidence: float,
) -> dict[str, ClassRecall]:
    """Recall of each label with its intervals.

    Args:
        confusion: Counts, a row for each true class.
        labels: Emotion names in the order of the rows.
        drawn: Bootstrap intervals of the first labels; the others have no clips.
        confidence: Nominal coverage of the Wilson intervals.
    """
    recalls = {}
    for i, label in enumerate(labels):
        k, n = int(confusion[i, i]), int(confusion[i].sum())
        low, high = wilson(k, n, confidence=confidence) if n else (None, None)
        interval = drawn[i] if i < len(drawn) else None
        recalls[label] = ClassRecall(
            recall=k / n if n else None,
            k=k,
            n=n,
            low=low,
            high=high,
            bootstrap_low=interval.low if interval else None,
            bootstrap_high=interval.high if interval else None,
        )
    return recalls


def group_rows(predictions: Predictions, owners: Sequence[str | None]) -> tuple[GroupScore, ...]:
    """Scores of the clips of each known owner, by name."""
    rows = []
    for name in sorted({owner for owner in owners if owner is not None}):
        chosen = np.array([owner == name for owner in owners])
        confusion = predictions.confusion(chosen)
        uar = float(metrics.uar_from_confusion(confusion))
        accuracy = float(metrics.accuracy_from_confusion(confusion))
        rows.append(GroupScore(name=name, n=int(chosen.sum()), uar=uar, accuracy=accuracy))
    return tuple(rows)


def constant_baseline(answer: int, predictions: Predictions) -> Baseline:
    """Scores of giving every clip the same answer."""
    if not 0 <= answer < len(predictions.labels):
        raise ParameterError(f"majority must be a class index. Received: majority={answer}")
    confusion = metrics.confusion_matrix(
        predictions.truth,
        np.full(len(predictions.truth), answer),
        n_classes=len(predictions.labels),
    )
    return Baseline(
        answer=predictions.labels[answer],
        uar=float(metrics.uar_from_confusion(confusion)),
        accuracy=float(metrics.accuracy_from_confusion(confusion)),
    )
