"""A linear model on clip statistics: what a network has to beat to be worth its training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError, some
from speechsent.features.standardize import Statistics
from speechsent.metrics import Values, unweighted_average_recall

STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # inverse strengths of regularisation, strongest first
MAX_ITERATIONS = 2000


def clip_statistics(
    views: Mapping[str, Sequence[np.ndarray]], names: Sequence[str] = ("log_mel", "mfcc")
) -> Values:
    """Mean and standard deviation over time of every coefficient of every view.

    Args:
        views: Feature sequences by view, one a clip, each ``(n_frames, n_coefficients)``. They
            may lie on disk: one clip is fetched at a time.
        names: Views to use, in this order; those that are not there are left out.

    Returns:
        Shape ``(n_clips, n_values)``: for each view its means, then its deviations.

    Raises:
        ParameterError: If none of the views is there, or there is no clip.

    Example:
        >>> clip_statistics({"mfcc": [np.array([[1.0, 5.0], [3.0, 5.0]])]})
        array([[2., 5., 1., 0.]])
    """
    chosen = [views[name] for name in names if name in views]
    if not chosen or not len(chosen[0]):
        raise ParameterError(
            f"clip statistics need a clip, and one of the views {some(names)}. "
            f"Received: { ({name: len(clips) for name, clips in views.items()}) }"
        )
    return np.stack([_moments(clip) for clip in zip(*chosen, strict=True)])


def _moments(views: Sequence[np.ndarray]) -> Values:
    """Means and deviations of the views of one clip, one after the other."""
    moments = []
    for values in views:
        frames = values.astype(np.float64)
        moments += [frames.mean(axis=0), frames.std(axis=0)]
    return np.concatenate(moments)


@dataclass(frozen=True, kw_only=True)
class LinearBaseline:
    """Multinomial logistic regression on standardised clip statistics.

    Args:
        statistics: Mean and deviation of each value over the training clips.
        strength: Inverse strength of regularisation that did best on validation (C).
        n_classes: Number of classes in the label set.
        model: The fitted scikit-learn classifier.
    """

    statistics: Statistics
    strength: float
    n_classes: int
    model: Any

    @classmethod
    def fit(
        cls,
        train_values: Values,
        train_classes: ArrayLike,
        validation_values: Values,
        validation_classes: ArrayLike,
        n_classes: int,
    ) -> "LinearBaseline":
        """Learn from the training clips; validation chooses the regularisation by UAR.

        Classes weigh the same however many clips they have. Where strengths tie, the strongest
        regularisation is taken. Nothing is random.

        Args:
            train_values: Clip statistics, shape ``(n_train, n_values)``.
            train_classes: Class indices, shape ``(n_train,)``.
            validation_values: Clip statistics, shape ``(n_validation, n_values)``.
            validation_classes: Class indices, shape ``(n_validation,)``.
            n_classes: Number of classes in the label set.

        Raises:
            ParameterError: If fewer than two classes are trained on, or a class index lies
                outside the label set.
        """
        present = np.unique(train_classes)
        if len(present) < 2 or present[0] < 0 or present[-1] >= n_classes:
            raise ParameterError(
                f"training needs clips of two classes or more in [0, {n_classes}). "
                f"Received: classes {some(present) or 'none'}"
            )
        statistics = Statistics.of([train_values])
        standard = statistics(train_values)
        fitted = [
            cls(
                statistics=statistics,
                strength=strength,
                n_classes=n_classes,
                model=_classifier(strength).fit(standard, train_classes),
            )
            for strength in STRENGTHS
        ]
        return max(fitted, key=lambda one: one._uar(validation_values, validation_classes))

    def probabilities(self, values: Values) -> Values:
        """Probability of each class; 0 for a class that was not trained on.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.

        Returns:
            Shape ``(n_clips, n_classes)``, rows sum to 1.
        """
        probabilities = np.zeros((len(values), self.n_classes))
        probabilities[:, self.model.classes_] = self.model.predict_proba(self.statistics(values))
        return probabilities

    def _uar(self, values: Values, classes: ArrayLike) -> float:
        answers = self.probabilities(values).argmax(axis=1)
        return unweighted_average_recall(classes, answers, n_classes=self.n_classes)


def _classifier(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, class_weight="balanced", max_iter=MAX_ITERATIONS)
