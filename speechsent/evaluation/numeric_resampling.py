"""Bootstrap of CCC and RMSE: speakers are drawn whole, the same ones for every target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError
from speechsent.evaluation.intervals import Interval, percentile_interval
from speechsent.evaluation.resampling import Unit
from speechsent.metrics import Values


@dataclass(frozen=True, kw_only=True)
class ResampledNumbers:
    """Scores of each target on each resample.

    Args:
        ccc: Shape ``(n_resamples, n_targets)``; nan where all drawn values are one number.
        rmse: The same shape, in the units of the columns.
        unit: What was drawn with replacement.
    """

    ccc: Values
    rmse: Values
    unit: Unit

    def interval(self, drawn: Values, confidence: float) -> Interval:
        """Percentile interval of some of the drawn scores, without undefined ones."""
        return percentile_interval(drawn[~np.isnan(drawn)], self.unit, confidence=confidence)


def resample_numbers(
    truth: Values,
    predicted: Values,
    speakers: Sequence[str | None],
    *,
    n_resamples: int,
    seed: int,
) -> ResampledNumbers:
    """Score told numbers on resamples of the speakers, or of the clips.

    Clips are drawn where a clip's speaker is unknown, or all clips have the same one.

    Args:
        truth: Shape ``(n_clips, n_targets)``.
        predicted: The same shape.
        speakers: Speaker of each clip, None where unknown.
        n_resamples: Number of resamples, at least 1.
        seed: Seed of the draws.

    Raises:
        ParameterError: If ``n_resamples`` is out of range.
    """
    if n_resamples < 1:
        raise ParameterError(f"n_resamples must be 1 or more. Received: n_resamples={n_resamples}")
    unit, lots = _lots(speakers)
    n_lots = int(lots.max()) + 1
    rng = np.random.default_rng(seed)
    times = rng.multinomial(n_lots, np.full(n_lots, 1 / n_lots), size=n_resamples)
    centre = truth.mean(axis=0)  # a common shift changes no score, and keeps squares small
    sums = _sums(truth - centre, predicted - centre, lots)
    drawn = np.tensordot(times.astype(np.float64), sums, axes=1)
    n, x, y, xx, yy, xy = np.moveaxis(drawn, 1, 0)
    spread = (xx - x * x / n) + (yy - y * y / n) + (x - y) ** 2 / n
    ccc = np.divide(2 * (xy - x * y / n), spread, out=np.full(x.shape, np.nan), where=spread > 0)
    squared = np.maximum(xx + yy - 2 * xy, 0)  # rounding can leave a hair below 0
    return ResampledNumbers(ccc=ccc, rmse=np.sqrt(squared / n), unit=unit)


def _lots(speakers: Sequence[str | None]) -> tuple[Unit, np.ndarray]:
    """What is drawn, and the lot each clip is in."""
    if None in speakers or len(set(speakers)) == 1:
        return "clips", np.arange(len(speakers))
    return "speakers", np.unique(np.asarray(speakers, dtype=str), return_inverse=True)[1]


def _sums(x: Values, y: Values, lots: np.ndarray) -> Values:
    """Count, sums and sums of products in each lot, shape ``(n_lots, 6, n_targets)``."""
    values = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)
    sums = np.zeros((int(lots.max()) + 1, *values.shape[1:]))
    np.add.at(sums, lots, values)
    return sums
