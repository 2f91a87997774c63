"""Is one system better than another? Tests on the same clips, and on several at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError, some
from speechsent.evaluation.intervals import Interval, check_confidence, percentile_interval
from speechsent.evaluation.resampling import Statistic, resample
from speechsent.metrics import Values

ROUNDING = 1e-12  # differences of this size are ties: the order of a sum must not decide


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """Exact McNemar test of two systems on the same clips.

    Args:
        n_only_first: Clips that only the first system recognised.
        n_only_second: Clips that only the second recognised.
        p: Two-sided p-value.
    """

    n_only_first: int
    n_only_second: int
    p: float


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Ask whether two systems recognise equally many clips: two-sided, exact.

    Only clips on which the systems disagree count; p is 1 where there are none. The test takes
    clips as independent, which those of one speaker are not; ``paired_bootstrap`` does not.

    Args:
        first_right: Whether the first system recognised each clip, shape ``(n_clips,)``.
        second_right: The same for the second system.

    Raises:
        ParameterError: If the shapes differ, or the values are not truth values.

    References:
        McNemar (1947). Note on the sampling error of the difference between correlated
        proportions or percentages. https://doi.org/10.1007/BF02295996

    Example:
        >>> mcnemar([True] * 5 + [False], [False] * 5 + [True])
        McNemar(n_only_first=5, n_only_second=1, p=0.21875)
    """
    first, second = np.asarray(first_right), np.asarray(second_right)
    if first.shape != second.shape or first.ndim != 1 or not first.dtype == second.dtype == bool:
        raise ParameterError(
            "McNemar's test needs two sequences of truth values of the same length. Received: "
            f"{first.dtype} of shape {first.shape}, {second.dtype} of shape {second.shape}"
        )
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    p = _two_sided_coin(min(only_first, only_second), only_first + only_second)
    return McNemar(n_only_first=only_first, n_only_second=only_second, p=p)


def _two_sided_coin(k: int, n: int) -> float:
    """Probability that ``n`` tosses of a fair coin come out at least as uneven as ``k`` heads."""
    ways = cumulated = 1
    for heads in range(k):
        ways = ways * (n - heads) // (heads + 1)
        cumulated += ways
    return min(1.0, 2 * cumulated / 2**n)


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """By how much one system is better than another on the same clips.

    Args:
        difference: Score of the first less that of the second.
        interval: Bootstrap interval of the difference.
        p: Two-sided p-value of no difference.
    """

    difference: float
    interval: Interval
    p: float


def paired_bootstrap(
    statistic: Statistic,
    truth: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    speakers: Sequence[str | None],
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> PairedDifference:
    """Bootstrap the difference of two systems, with the same draw of speakers for both.

    Where a clip's speaker is unknown, or all clips have the same one, clips are drawn and the
    interval's ``method`` says so. Over fewer than ten speakers the interval is too narrow, and p
    too small; p is never below ``2 / 2 ** n``, n being the speakers, or the clips where they are
    drawn. A system trained several times, with other seeds, is a stack of predictions; its score is
    the mean over the stack.

    Args:
        statistic: Maps a stack of confusion matrices ``(n, C, C)`` to its scores ``(n,)``, such as
            ``speechsent.metrics.uar_from_confusion``. C is one more than the highest class index
            that occurs.
        truth: Class indices, shape ``(n_utterances,)``.
        first: Class indices, shape ``(n_utterances,)`` or ``(n_models, n_utterances)``.
        second: The same for the second system, perhaps with another number of models.
        speakers: Speaker of each utterance, None where unknown.
        n_resamples: Number of resamples, at least 1. No p-value falls below
            ``2 / (n_resamples + 1)`` either.
        seed: Seed of the draws.
        confidence: Nominal coverage in ``(0, 1)``.

    Raises:
        ParameterError: If a system has no model, the lengths differ, or a parameter is out of
            range.

    References:
        Davison, Hinkley (1997). Bootstrap Methods and their Application, sections 3.8 and 4.4.
        https://doi.org/10.1017/CBO9780511802843
    """
    check_confidence(confidence)
    first, second = np.atleast_2d(first), np.atleast_2d(second)
    if not len(first) or not len(second) or first.shape[1:] != second.shape[1:]:
        raise ParameterError(
            "both systems need at least one model, and answers for the same utterances. "
            f"Received: first.shape={first.shape}, second.shape={second.shape}"
        )
    answers = np.concatenate([first, second])
    resampled = resample(statistic, truth, answers, speakers, n_resamples=n_resamples, seed=seed)
    drawn = _lead(resampled.drawn, len(first))
    # That S speakers all agree happens once in 2^(S-1) by tosses of a coin, and no test that takes
    # speakers for what was drawn can tell more; the same goes for clips. The bootstrap would: where
    # all agree, none of its draws says otherwise, however few they are.
    n_drawn = len(set(speakers)) if resampled.unit == "speakers" else len(speakers)
    return PairedDifference(
        difference=float(_lead(resampled.observed, len(first))),
        interval=percentile_interval(drawn, resampled.unit, confidence=confidence),
        p=max(_two_sided(drawn), 2.0 ** (1 - n_drawn)),
    )


def _lead(scores: Values, n_first: int) -> Values:
    """Mean score of the first ``n_first`` models less that of the others."""
    return np.asarray(scores[:n_first].mean(axis=0) - scores[n_first:].mean(axis=0))


def _two_sided(drawn: Values) -> float:
    """Twice the smaller tail beyond no difference; ``+ 1`` because the sample itself is a draw."""
    tail = min(int((drawn <= ROUNDING).sum()), int((drawn >= -ROUNDING).sum()))
    return min(1.0, 2 * (tail + 1) / (len(drawn) + 1))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values for the number of tests, so that all may be read at one level.

    Args:
        p_values: One a test, each in ``[0, 1]``.

    Returns:
        Adjusted p-values in the given order, never smaller than the given ones.

    Raises:
        ParameterError: If a p-value lies outside ``[0, 1]``.

    References:
        Holm (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal
        of Statistics 6, 65-70. https://www.jstor.org/stable/4615733

    Example:
        >>> holm([0.25, 0.125])
        (0.25, 0.25)
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not np.all((p >= 0) & (p <= 1)):
        raise ParameterError(f"p-values must lie in [0, 1]. Received: {some(p_values)}")
    order = np.argsort(p)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    return tuple(np.minimum(adjusted, 1).tolist())


def p_value(p: float) -> str:
    """A p-value as papers print it.

    Example:
        >>> p_value(0.2345), p_value(0.00002)
        ('0.234', '< 0.001')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def told_p(p: float) -> str:
    """A p-value as text names it.

    Example:
        >>> told_p(0.2345), told_p(0.00002)
        ('p = 0.234', 'p < 0.001')
    """
    return f"p {p_value(p)}" if p < 0.001 else f"p = {p_value(p)}"
