"""Scores of a classifier, each a pure function of its confusion matrix.

Every score comes twice: from class indices, for people, and as ``*_from_confusion``, which
takes a whole stack of matrices ``(..., n_classes, n_classes)`` at once, for the bootstrap.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from speechsent.errors import ParameterError, some

Counts = NDArray[np.int64]
Values = NDArray[np.float64]


def confusion_matrix(truth: ArrayLike, prediction: ArrayLike, *, n_classes: int) -> Counts:
    """Number of utterances of each true class (row) recognised as each class (column).

    Args:
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        n_classes: Number of classes in the label set.

    Returns:
        Counts, shape ``(n_classes, n_classes)``.

    Raises:
        ParameterError: If no utterance is given, the shapes differ, or an index is not an
            integer in ``[0, n_classes)``.

    Example:
        >>> confusion_matrix([0, 0, 1], [0, 1, 1], n_classes=2)
        array([[1, 1],
               [0, 1]])
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    if truth.shape != prediction.shape or truth.ndim != 1:
        raise ParameterError(
            "truth and prediction must be one-dimensional and of the same shape. "
            f"Received: truth.shape={truth.shape}, prediction.shape={prediction.shape}"
        )
    if truth.size == 0:
        raise ParameterError("a score needs at least one utterance. Received: none")
    _check_indices("truth", truth, n_classes)
    _check_indices("prediction", prediction, n_classes)
    cell = truth.astype(np.int64) * n_classes + prediction.astype(np.int64)
    return np.bincount(cell, minlength=n_classes**2).reshape(n_classes, n_classes)


def recall_per_class(truth: ArrayLike, prediction: ArrayLike, *, n_classes: int) -> Values:
    """Fraction of each class's utterances that were recognised.

    Args:
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        n_classes: Number of classes in the label set.

    Returns:
        Recall in ``[0, 1]``, shape ``(n_classes,)``.
        ``nan`` marks a class that never occurs in ``truth``.

    Raises:
        ParameterError: As for ``confusion_matrix``.

    Example:
        >>> recall_per_class([0, 0, 1], [0, 1, 1], n_classes=2)
        array([0.5, 1. ])
    """
    return recall_from_confusion(confusion_matrix(truth, prediction, n_classes=n_classes))


def unweighted_average_recall(truth: ArrayLike, prediction: ArrayLike, *, n_classes: int) -> float:
    """Mean recall over the classes that occur in ``truth``: UAR, the field's main score.

    Chance is ``1 / n_classes`` however skewed the corpus is.

    Args:
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        n_classes: Number of classes in the label set.

    Returns:
        UAR in ``[0, 1]``.

    Raises:
        ParameterError: As for ``confusion_matrix``.

    References:
        Schuller, Steidl, Batliner (2009). The INTERSPEECH 2009 Emotion Challenge.

    Example:
        >>> unweighted_average_recall([0, 0, 0, 1], [0, 0, 0, 0], n_classes=2)
        0.5
    """
    return float(uar_from_confusion(confusion_matrix(truth, prediction, n_classes=n_classes)))


def accuracy(truth: ArrayLike, prediction: ArrayLike, *, n_classes: int) -> float:
    """Share of utterances recognised, the field's "weighted accuracy" (WA).

    Args:
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        n_classes: Number of classes in the label set.

    Returns:
        Accuracy in ``[0, 1]``.

    Raises:
        ParameterError: As for ``confusion_matrix``.

    Example:
        >>> accuracy([0, 0, 0, 1], [0, 0, 0, 0], n_classes=2)
        0.75
    """
    return float(accuracy_from_confusion(confusion_matrix(truth, prediction, n_classes=n_classes)))


def macro_f1(truth: ArrayLike, prediction: ArrayLike, *, n_classes: int) -> float:
    """Mean F1 over the classes that occur in ``truth`` or in ``prediction``.

    A class that is only ever predicted counts with F1 = 0; one that occurs on neither side does
    not count. This is scikit-learn's ``f1_score(average="macro")`` with ``labels`` left out.

    Args:
        truth: Class indices, shape ``(n_utterances,)``.
        prediction: Class indices, shape ``(n_utterances,)``.
        n_classes: Number of classes in the label set.

    Returns:
        Macro-F1 in ``[0, 1]``.

    Raises:
        ParameterError: As for ``confusion_matrix``.

    Example:
        >>> macro_f1([0, 0, 1, 1], [0, 0, 1, 2], n_classes=4)  # F1 is 1, 2/3, 0 and undefined
        0.5555555555555555
    """
    return float(macro_f1_from_confusion(confusion_matrix(truth, prediction, n_classes=n_classes)))


def recall_from_confusion(confusion: Counts) -> Values:
    """Recall per class, ``nan`` where a row is empty: ``(..., C, C)`` to ``(..., C)``."""
    return _ratio(_hits(confusion), confusion.sum(axis=-1))


def uar_from_confusion(confusion: Counts) -> Values:
    """UAR over the rows that are not empty: ``(..., C, C)`` to ``(...)``."""
    return np.asarray(np.nanmean(recall_from_confusion(confusion), axis=-1))


def accuracy_from_confusion(confusion: Counts) -> Values:
    """Share on the diagonal: ``(..., C, C)`` to ``(...)``."""
    return _ratio(_hits(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)))


def macro_f1_from_confusion(confusion: Counts) -> Values:
    """Macro-F1 over classes whose row or column is not empty: ``(..., C, C)`` to ``(...)``."""
    occurrences = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return np.asarray(np.nanmean(_ratio(2 * _hits(confusion), occurrences), axis=-1))


def _hits(confusion: Counts) -> Counts:
    """Utterances recognised, per class."""
    return np.asarray(np.einsum("...cc->...c", confusion))


def _ratio(part: Counts, whole: Counts) -> Values:
    """``part / whole``, ``nan`` where ``whole`` is 0."""
    undefined = np.full(np.shape(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=undefined, where=np.asarray(whole) > 0))


def _check_indices(name: str, indices: np.ndarray, n_classes: int) -> None:
    """Refuse what is not a class index."""
    if not np.issubdtype(indices.dtype, np.integer):
        raise ParameterError(
            f"class indices must be integers. Received: {name}.dtype={indices.dtype}"
        )
    outside = indices[(indices < 0) | (indices >= n_classes)]
    if outside.size:
        raise ParameterError(
            f"class indices must lie in [0, {n_classes}). "
            f"Received: {name} with {some(outside.tolist())}"
        )
