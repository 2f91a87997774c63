"""How well numbers are told, such as arousal and valence: each a pure function of two columns."""

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError
from speechsent.metrics import Values


def concordance(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Lin's concordance correlation coefficient (CCC), the field's score for dimensions.

    Unlike Pearson's correlation it also falls with an offset or a wrong scale. Moments are those
    of the population, with ``n`` in the denominator.

    Args:
        truth: Values, shape ``(n_utterances,)``.
        prediction: Values, shape ``(n_utterances,)``.

    Returns:
        CCC in ``[-1, 1]``; 1 only where all values agree.

    Raises:
        ParameterError: If no value is given, the shapes differ, a value is not finite, or all
            values of both are one and the same number.

    References:
        Lin (1989). A concordance correlation coefficient to evaluate reproducibility.
        https://doi.org/10.2307/2532051

    Example:
        >>> round(concordance([0, 1, 2], [0, 1, 1]), 4)
        0.6667
    """
    x, y = _pair(truth, prediction)
    if np.all(x == x[0]) and np.all(y == x[0]):
        raise ParameterError(
            "the CCC is undefined where truth and prediction never vary and agree. "
            f"Received: {x[0]:g} throughout"
        )
    covariance = np.mean((x - x.mean()) * (y - y.mean()))
    return float(2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2))


def rmse(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Root of the mean squared error.

    Args:
        truth: Values, shape ``(n_utterances,)``.
        prediction: Values, shape ``(n_utterances,)``.

    Returns:
        Error on the scale of the values, 0 or more.

    Raises:
        ParameterError: If no value is given, the shapes differ, or a value is not finite.

    Example:
        >>> rmse([0, 0, 0, 0], [1, -1, 5, 3])
        3.0
    """
    x, y = _pair(truth, prediction)
    return float(np.sqrt(np.mean((x - y) ** 2)))


def _pair(truth: ArrayLike, prediction: ArrayLike) -> tuple[Values, Values]:
    """Both as floating-point numbers, or the reason why they cannot be compared."""
    x, y = np.asarray(truth, dtype=np.float64), np.asarray(prediction, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1 or not x.size:
        raise ParameterError(
            "truth and prediction must be one-dimensional, of the same shape and not empty. "
            f"Received: truth.shape={x.shape}, prediction.shape={y.shape}"
        )
    for name, values in (("truth", x), ("prediction", y)):
        if not np.isfinite(values).all():
            n_bad = int((~np.isfinite(values)).sum())
            raise ParameterError(
                f"values must be finite. Received: {name} with {n_bad} that are not"
            )
    return x, y
