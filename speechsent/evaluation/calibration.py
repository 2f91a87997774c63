"""Do probabilities mean what they say? How to mend them, and when to give no answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError
from speechsent.metrics import Values, confusion_matrix

TEMPERATURES = (0.05, 20.0)
FLOOR = 1e-7  # as in Keras's cross-entropy; a table of six decimals shows as much as zero


def fit_temperature(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """Temperature at which the true classes are most probable; fit it on validation clips.

    Above 1 the model was too sure of itself, below 1 not sure enough.

    Args:
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        truth: Class indices, shape ``(n_clips,)``.

    Returns:
        Temperature in ``[0.05, 20]``. At either end the clips do not determine it.

    Raises:
        ParameterError: If the rows are not probabilities, or do not fit ``truth``.

    References:
        Guo, Pleiss, Sun, Weinberger (2017). On calibration of modern neural networks.
        https://arxiv.org/abs/1706.04599
    """
    from scipy.optimize import minimize_scalar

    probabilities, truth = _checked(probabilities, truth)
    clips = np.arange(len(truth))
    if (probabilities[clips, truth] == probabilities.max(axis=1)).all():
        # The loss falls to the end, but rounds to 0 before it, where a search would stop.
        return TEMPERATURES[0]

    def loss(log_temperature: float) -> float:
        return -float(_log_softened(probabilities, np.exp(log_temperature))[clips, truth].mean())

    # The loss is convex in 1 / T, so it has no second minimum.
    low, high = np.log(TEMPERATURES)
    best = minimize_scalar(loss, bounds=(low, high), method="bounded")
    return float(np.exp(best.x))


def apply_temperature(probabilities: ArrayLike, temperature: float) -> Values:
    """Soften or sharpen probabilities: the softmax of ``log(p) / temperature``.

    The most probable class stays the most probable one.

    Args:
        probabilities: Shape ``(..., n_classes)``, rows sum to 1; below 1e-7 counts as 1e-7.
        temperature: Above 1 softens, below 1 sharpens; above 0.

    Returns:
        Probabilities, shape ``(..., n_classes)``.

    Raises:
        ParameterError: If ``temperature`` is not a positive number.

    Example:
        >>> apply_temperature([[0.2, 0.8]], 0.5).round(3)
        array([[0.059, 0.941]])
    """
    if not 0 < temperature < np.inf:
        raise ParameterError(
            f"temperature must be a positive number. Received: temperature={temperature}"
        )
    softened = np.exp(_log_softened(np.asarray(probabilities, dtype=np.float64), temperature))
    return np.asarray(softened)


def _log_softened(probabilities: Values, temperature: float) -> Values:
    """Logarithms of the probabilities at a temperature."""
    logits = np.log(np.maximum(probabilities, FLOOR)) / temperature
    logits -= logits.max(axis=-1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True)))


@dataclass(frozen=True, kw_only=True)
class ConfidenceBin:
    """Clips whose highest probability lies in ``(low, high]``.

    Args:
        low: Lower edge.
        high: Upper edge.
        n: Clips in the bin, at least 1.
        confidence: Mean of their highest probabilities.
        accuracy: Share of them that was recognised.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(
    probabilities: ArrayLike, truth: ArrayLike, *, n_bins: int = 15
) -> tuple[ConfidenceBin, ...]:
    """Compare confidence with accuracy in bins of equal width: the rows of a reliability plot.

    Args:
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        truth: Class indices, shape ``(n_clips,)``.
        n_bins: Bins in ``[0, 1]``, at least 1.

    Returns:
        The bins that hold a clip, from low to high confidence.

    Raises:
        ParameterError: If the rows are not probabilities or do not fit ``truth``, or ``n_bins`` is
            out of range.
    """
    if n_bins < 1:
        raise ParameterError(f"n_bins must be 1 or more. Received: n_bins={n_bins}")
    confidence, right = _confidence(probabilities, truth)
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.searchsorted(edges[1:-1], confidence)
    return tuple(
        ConfidenceBin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            n=int((bins == i).sum()),
            confidence=float(confidence[bins == i].mean()),
            accuracy=float(right[bins == i].mean()),
        )
        for i in np.unique(bins)
    )


def expected_calibration_error(
    probabilities: ArrayLike, truth: ArrayLike, *, n_bins: int = 15
) -> float:
    """Mean distance between confidence and accuracy over bins, weighted by their clips (ECE).

    Args:
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        truth: Class indices, shape ``(n_clips,)``.
        n_bins: Bins of equal width in ``[0, 1]``, at least 1.

    Returns:
        ECE in ``[0, 1]``; 0 is best.

    Raises:
        ParameterError: As for ``reliability``.

    References:
        Naeini, Cooper, Hauskrecht (2015). Obtaining well calibrated probabilities using Bayesian
        binning. https://doi.org/10.1609/aaai.v29i1.9602

    Example:
        >>> expected_calibration_error([[0.75, 0.25], [0.75, 0.25]], [0, 1])
        0.25
    """
    bins = reliability(probabilities, truth, n_bins=n_bins)
    gaps = [row.n * abs(row.confidence - row.accuracy) for row in bins]
    return sum(gaps) / sum(row.n for row in bins)


def brier(probabilities: ArrayLike, truth: ArrayLike) -> float:
    """Mean squared distance between the probabilities and the truth, summed over classes.

    For two classes this is twice the score that counts the positive class alone.

    Args:
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        truth: Class indices, shape ``(n_clips,)``.

    Returns:
        Brier score in ``[0, 2]``; 0 is best.

    Raises:
        ParameterError: If the rows are not probabilities, or do not fit ``truth``.

    References:
        Brier (1950). Verification of forecasts expressed in terms of probability.
        https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2

    Example:
        >>> brier([[0.5, 0.5], [1.0, 0.0]], [0, 1])
        1.25
    """
    probabilities, truth = _checked(probabilities, truth)
    distance = probabilities - np.eye(probabilities.shape[1])[truth]
    return float(np.square(distance).sum(axis=1).mean())


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """Accuracy when only the most confident clips are answered, from few clips to all.

    Args:
        threshold: Lowest confidence that is answered, shape ``(n_points,)``, falling.
        coverage: Share of clips that is answered, in ``(0, 1]``, rising.
        accuracy: Share of these that was recognised.
    """

    threshold: Values
    coverage: Values
    accuracy: Values


def coverage_curve(probabilities: ArrayLike, truth: ArrayLike) -> Coverage:
    """Show what abstaining buys; clips of equal confidence are answered together or not at all.

    Args:
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        truth: Class indices, shape ``(n_clips,)``.

    Raises:
        ParameterError: If the rows are not probabilities, or do not fit ``truth``.

    References:
        Geifman, El-Yaniv (2017). Selective classification for deep neural networks.
        https://arxiv.org/abs/1705.08500

    Example:
        >>> coverage_curve([[0.5, 0.5], [0.1, 0.9]], [1, 1]).accuracy
        array([1. , 0.5])
    """
    confidence, right = _confidence(probabilities, truth)
    order = np.argsort(-confidence)
    ranked, n_answered = confidence[order], np.arange(1, len(order) + 1)
    last = np.append(ranked[1:] < ranked[:-1], True)
    return Coverage(
        threshold=ranked[last],
        coverage=n_answered[last] / len(order),
        accuracy=(np.cumsum(right[order]) / n_answered)[last],
    )


def _confidence(probabilities: ArrayLike, truth: ArrayLike) -> tuple[Values, np.ndarray]:
    """Highest probability of each clip, and whether its class is the true one."""
    probabilities, truth = _checked(probabilities, truth)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == truth


def _checked(probabilities: ArrayLike, truth: ArrayLike) -> tuple[Values, np.ndarray]:
    """Both as arrays, or the reason why they do not fit."""
    rows, truth = np.asarray(probabilities, dtype=np.float64), np.asarray(truth)
    if rows.ndim != 2 or (rows < 0).any() or not np.isclose(rows.sum(axis=1), 1, atol=1e-2).all():
        raise ParameterError(
            "probabilities must have one row a clip that sums to 1, and not be negative. "
            f"Received: other rows, probabilities.shape={rows.shape}"
        )
    confusion_matrix(truth, rows.argmax(axis=1), n_classes=rows.shape[1])  # refuses a bad truth
    return rows, truth
