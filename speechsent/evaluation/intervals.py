"""Confidence intervals: how far a score would move with other clips or other speakers."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError
from speechsent.evaluation.resampling import Statistic, Unit, resample
from speechsent.metrics import (
    Counts,
    Values,
    accuracy_from_confusion,
    macro_f1_from_confusion,
    recall_from_confusion,
    uar_from_confusion,
)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A two-sided confidence interval.

    Args:
        low: Lower end, on the scale of the score.
        high: Upper end.
        confidence: Nominal coverage in ``(0, 1)``.
        method: How it was made, such as ``"bootstrap over speakers"``.
    """

    low: float
    high: float
    confidence: float
    method: str

    @property
    def unit(self) -> Unit:
        """What a bootstrap drew."""
        return "clips" if self.method.endswith("clips") else "speakers"


def wilson(k: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval for a proportion of ``k`` out of ``n`` independent trials.

    Unlike ``p +- z * sd`` it stays inside ``[0, 1]`` and is honest at 0 and ``n``.

    Args:
        k: Successes, in ``[0, n]``.
        n: Trials, at least 1.
        confidence: Nominal coverage in ``(0, 1)``.

    Returns:
        Lower and upper end, in ``[0, 1]``.

    Raises:
        ParameterError: If a number is out of range.

    References:
        Wilson (1927). Probable inference, the law of succession, and statistical inference.
        https://doi.org/10.1080/01621459.1927.10502953

    Example:
        >>> [round(end, 3) for end in wilson(62, 231)]
        [0.215, 0.329]
    """
    if not 0 <= k <= n or n < 1:
        raise ParameterError(f"k must lie in [0, n] and n be 1 or more. Received: k={k}, n={n}")
    check_confidence(confidence)
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = (k + z2 / 2) / (n + z2)
    margin = (z2 * (k * (n - k) / n + z2 / 4)) ** 0.5 / (n + z2)
    # At the two extremes rounding would leave an end a hair away from the bound it lies on.
    return (0.0 if k == 0 else centre - margin, 1.0 if k == n else centre + margin)


def bootstrap_by_speaker(
    statistic: Statistic,
    truth: ArrayLike,
    prediction: ArrayLike,
    speakers: Sequence[str | None],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Percentile bootstrap that draws speakers, because the clips of one are not independent.

    Where a clip's speaker is unknown, or all clips have the same one, it draws clips instead and
    ``method`` says so; that interval is too narrow as a statement about new speakers. So is one
    over a handful of speakers, though less.

    Args:
        statistic: Maps a stack of confusion matrices ``(n_resamples, C, C)`` to its scores
            ``(n_resamples,)``, such as ``speechsent.metrics.uar_from_confusion``. C is one more
            than the highest class index that occurs.
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        speakers: Speaker of each utterance, None where unknown.
        n_resamples: Number of resamples, at least 1.
        seed: Seed of the draws.
        confidence: Nominal coverage in ``(0, 1)``.

    Returns:
        Interval whose ``method`` is ``"bootstrap over speakers"`` or ``"bootstrap over clips"``.

    Raises:
        ParameterError: If the lengths differ, or a parameter is out of range.

    References:
        Davison, Hinkley (1997). Bootstrap Methods and their Application, section 3.8.
        https://doi.org/10.1017/CBO9780511802843
    """
    check_confidence(confidence)
    answers = np.asarray(prediction)[np.newaxis]
    resampled = resample(statistic, truth, answers, speakers, n_resamples=n_resamples, seed=seed)
    return percentile_interval(resampled.drawn[0], resampled.unit, confidence=confidence)


@dataclass(frozen=True, kw_only=True)
class ScoreIntervals:
    """Bootstrap intervals of all scores of one set of answers, from the same resamples.

    Args:
        uar: Unweighted average recall.
        accuracy: Share of clips recognised.
        macro_f1: Mean F1.
        recall: Recall of each class up to the highest index that occurs; None for a class that
            never occurs in the truth. Resamples without a clip of the class do not count.
    """

    uar: Interval
    accuracy: Interval
    macro_f1: Interval
    recall: tuple[Interval | None, ...]


def score_intervals(
    truth: ArrayLike,
    prediction: ArrayLike,
    speakers: Sequence[str | None],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> ScoreIntervals:
    """Bootstrap every score at once, as ``bootstrap_by_speaker`` does one.

    Args:
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        speakers: Speaker of each utterance, None where unknown.
        n_resamples: Number of resamples, at least 1.
        seed: Seed of the draws.
        confidence: Nominal coverage in ``(0, 1)``.

    Raises:
        ParameterError: If the lengths differ, or a parameter is out of range.
    """
    check_confidence(confidence)
    answers = np.asarray(prediction)[np.newaxis]
    resampled = resample(_all_scores, truth, answers, speakers, n_resamples=n_resamples, seed=seed)

    def interval(drawn: Values) -> Interval:
        return percentile_interval(drawn, resampled.unit, confidence=confidence)

    uar, accuracy, macro_f1, *recalls = resampled.drawn[0].T
    occurring = [recall[~np.isnan(recall)] for recall in recalls]
    return ScoreIntervals(
        uar=interval(uar),
        accuracy=interval(accuracy),
        macro_f1=interval(macro_f1),
        recall=tuple(interval(recall) if len(recall) else None for recall in occurring),
    )


def _all_scores(confusion: Counts) -> Values:
    """UAR, accuracy, macro-F1 and the recalls: ``(n, C, C)`` to ``(n, 3 + C)``."""
    totals = (uar_from_confusion, accuracy_from_confusion, macro_f1_from_confusion)
    columns = np.stack([total(confusion) for total in totals], axis=-1)
    return np.concatenate([columns, recall_from_confusion(confusion)], axis=-1)


def percentile_interval(drawn: Values, unit: Unit, *, confidence: float) -> Interval:
    """Middle share of what a bootstrap drew.

    Args:
        drawn: Score on each resample, shape ``(n_resamples,)``.
        unit: What was drawn.
        confidence: Nominal coverage in ``(0, 1)``.
    """
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(
        low=float(low), high=float(high), confidence=confidence, method=f"bootstrap over {unit}"
    )


def check_confidence(confidence: float) -> None:
    """Refuse what is not a share.

    Raises:
        ParameterError: If ``confidence`` does not lie in ``(0, 1)``.
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie in (0, 1). Received: confidence={confidence}")
