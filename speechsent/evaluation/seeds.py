"""How much a score depends on the seed of the training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError, some
from speechsent.evaluation.intervals import Interval, check_confidence


@dataclass(frozen=True, kw_only=True)
class SeedSummary:
    """One score over several trainings that differ in their seed alone.

    Args:
        mean: Mean score.
        sd: Standard deviation of a training, with ``n - 1`` in the denominator; None for one.
        n: Number of trainings.
        interval: Where the mean over all seeds lies; None for one training. It says nothing about
            other speakers.
    """

    mean: float
    sd: float | None
    n: int
    interval: Interval | None


def over_seeds(scores: Sequence[float], *, confidence: float = 0.95) -> SeedSummary:
    """Mean, spread and Student's t interval of a score over trainings.

    Args:
        scores: One a training.
        confidence: Nominal coverage in ``(0, 1)``.

    Raises:
        ParameterError: If there is no score, one is not finite, or ``confidence`` is out of range.

    References:
        Student (1908). The probable error of a mean. https://doi.org/10.1093/biomet/6.1.1

    Example:
        >>> over_seeds([0.5]).sd is None
        True
    """
    check_confidence(confidence)
    values, n = np.asarray(scores, dtype=np.float64), len(scores)
    if not n or not np.isfinite(values).all():
        raise ParameterError(
            "a summary over seeds needs finite scores, one at least. "
            f"Received: {some(scores) or 'none'}"
        )
    mean = float(values.mean())
    if n == 1:
        return SeedSummary(mean=mean, sd=None, n=n, interval=None)
    sd = float(values.std(ddof=1))
    margin = _student_quantile((1 + confidence) / 2, n - 1) * sd / n**0.5
    interval = Interval(
        low=mean - margin, high=mean + margin, confidence=confidence, method="Student's t"
    )
    return SeedSummary(mean=mean, sd=sd, n=n, interval=interval)


def _student_quantile(share: float, n_free: int) -> float:
    from scipy import stats

    return float(stats.t.ppf(share, n_free))
