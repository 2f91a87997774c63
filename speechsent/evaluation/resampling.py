"""Bootstrap resamples: speakers are drawn whole, and the same ones for every model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError
from speechsent.metrics import Counts, Values, confusion_matrix

Statistic = Callable[[Counts], Values]
Unit = Literal["speakers", "clips"]
BLOCK = 500  # resamples drawn at once, so that the draws of many clips fit in memory


@dataclass(frozen=True, kw_only=True)
class Resampled:
    """Scores of some models, on the clips as they are and on each resample of them.

    Args:
        observed: Score of each model, shape ``(n_models, ...)``.
        drawn: Score of each model on each resample, shape ``(n_models, n_resamples, ...)``.
        unit: What was drawn with replacement.
    """

    observed: Values
    drawn: Values
    unit: Unit


def resample(
    statistic: Statistic,
    truth: ArrayLike,
    predictions: ArrayLike,
    speakers: Sequence[str | None],
    *,
    n_resamples: int,
    seed: int,
) -> Resampled:
    """Score models on resamples of their speakers, or of their clips.

    Clips are drawn where a clip's speaker is unknown, or all clips have the same one.

    Args:
        statistic: Maps a stack of confusion matrices ``(n, C, C)`` to its scores ``(n,)``, or to
            several scores of each ``(n, n_scores)``. C is one more than the highest class index
            that occurs.
        truth: Class indices, shape ``(n_utterances,)``.
        predictions: Class indices, shape ``(n_models, n_utterances)``.
        speakers: Speaker of each utterance, None where unknown.
        n_resamples: Number of resamples, at least 1.
        seed: Seed of the draws.

    Raises:
        ParameterError: If there is no utterance, the lengths differ, or ``n_resamples`` is out of
            range.
    """
    if n_resamples < 1:
        raise ParameterError(f"n_resamples must be 1 or more. Received: n_resamples={n_resamples}")
    truth, predictions = np.asarray(truth), np.asarray(predictions)
    if len(speakers) != truth.size:
        raise ParameterError(
            "every utterance needs a speaker, or None. "
            f"Received: {len(speakers)} speakers, {truth.size} utterances"
        )
    # Classes without an utterance add nothing to a score, so the highest index will do.
    n_classes = int(np.max(np.append(truth, predictions), initial=0)) + 1
    whole = [confusion_matrix(truth, answers, n_classes=n_classes) for answers in predictions]
    urn = _urn(np.stack([truth, *predictions]).astype(np.int64), speakers)
    return Resampled(
        observed=statistic(np.stack(whole)),
        drawn=_scores(statistic, urn, n_classes, n_resamples, np.random.default_rng(seed)),
        unit=urn.unit,
    )


@dataclass(frozen=True, kw_only=True)
class _Urn:
    """What is drawn from, and how often.

    ``answers`` holds truth and predictions of some clips ``(1 + n_models, n_clips)``, ``lots`` the
    lot each clip is in, ``shares`` the probability of each lot; a resample is ``n_draws`` lots.
    """

    unit: Unit
    answers: np.ndarray
    lots: np.ndarray
    shares: np.ndarray
    n_draws: int

    def counts(self, model: int, n_classes: int) -> np.ndarray:
        """Flat confusion matrix of each lot, shape ``(n_lots, n_classes ** 2)``."""
        n_cells = n_classes**2
        cells = self.lots * n_cells + self.answers[0] * n_classes + self.answers[1 + model]
        flat = np.bincount(cells, minlength=len(self.shares) * n_cells)
        return flat.reshape(len(self.shares), n_cells)


def _urn(answers: np.ndarray, speakers: Sequence[str | None]) -> _Urn:
    """Speakers where they are known and several, clips otherwise."""
    if None not in speakers and len(set(speakers)) > 1:
        names, lots = np.unique(np.asarray(speakers, dtype=str), return_inverse=True)
        shares = np.full(len(names), 1 / len(names))
        return _Urn(unit="speakers", answers=answers, lots=lots, shares=shares, n_draws=len(names))
    # Clips with the same truth and the same answers are one lot, likelier by their number.
    distinct, copies = np.unique(answers, axis=1, return_counts=True)
    n_clips = answers.shape[1]
    lots, shares = np.arange(len(copies)), copies / n_clips
    return _Urn(unit="clips", answers=distinct, lots=lots, shares=shares, n_draws=n_clips)


def _scores(
    statistic: Statistic, urn: _Urn, n_classes: int, n_resamples: int, rng: np.random.Generator
) -> Values:
    """Score of each model on each resample, shape ``(n_models, n_resamples, ...)``."""
    n_models = len(urn.answers) - 1
    # In floating point, where whole numbers stay exact, the products below are many times faster.
    counts = [urn.counts(model, n_classes).astype(np.float64) for model in range(n_models)]
    blocks = []
    for start in range(0, n_resamples, BLOCK):
        n = min(BLOCK, n_resamples - start)
        times = rng.multinomial(urn.n_draws, urn.shares, size=n).astype(np.float64)
        drawn = [(times @ flat).astype(np.int64).reshape(n, n_classes, -1) for flat in counts]
        blocks.append(np.stack([statistic(confusion) for confusion in drawn]))
    return np.concatenate(blocks, axis=1, dtype=np.float64)
