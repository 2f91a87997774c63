"""A linear model on clip statistics: what a network has to beat to be worth its training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError, RunError, some
from speechsent.features.standardize import DAMAGED, Statistics, check_size
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


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearBaseline:
    """Multinomial logistic regression on standardised clip statistics.

    Args:
        statistics: Mean and deviation of each value over the training clips.
        strength: Inverse strength of regularisation that did best on validation (C).
        n_classes: Number of classes in the label set.
        classes: Indices of the classes trained on, rising, shape ``(n_trained,)``.
        weights: Shape ``(n_trained, n_values)``.
        intercept: Shape ``(n_trained,)``.
    """

    statistics: Statistics
    strength: float
    n_classes: int
    classes: np.ndarray
    weights: Values
    intercept: Values

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
                **_weights(_classifier(strength).fit(standard, train_classes)),
            )
            for strength in STRENGTHS
        ]
        return max(fitted, key=lambda one: one.uar(validation_values, validation_classes))

    def again(self, values: Values, classes: ArrayLike) -> "LinearBaseline":
        """The same model fitted to other clips, with the regularisation that was chosen.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.
            classes: Class indices, shape ``(n_clips,)``.
        """
        statistics = Statistics.of([values])
        fitted = _classifier(self.strength).fit(statistics(values), classes)
        return replace(self, statistics=statistics, **_weights(fitted))

    def probabilities(self, values: Values) -> Values:
        """Probability of each class; 0 for a class that was not trained on.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.

        Returns:
            Shape ``(n_clips, n_classes)``, rows sum to 1.

        Raises:
            ParameterError: If the clips have another number of values.
        """
        if values.shape[1:] != self.statistics.mean.shape:
            raise ParameterError(
                f"the linear baseline reads {len(self.statistics.mean)} values a clip. "
                f"Received: values.shape={values.shape}"
            )
        logits = self.statistics(values) @ self.weights.T + self.intercept
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = np.zeros((len(values), self.n_classes))
        probabilities[:, self.classes] = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def save(self, path: Path) -> None:
        """Write the weights as an ``.npz`` file without pickled objects."""
        with path.open("wb") as file:
            np.savez(
                file,
                mean=self.statistics.mean,
                scale=self.statistics.scale,
                strength=np.array(self.strength),
                classes=self.classes,
                coef=self.weights,
                intercept=self.intercept,
            )

    @classmethod
    def load(cls, path: Path, n_classes: int) -> "LinearBaseline":
        """Read what :meth:`save` wrote.

        Args:
            path: The file.
            n_classes: Number of classes in the label set.

        Raises:
            RunError: If the file is missing, damaged, or holds values that cannot be used.
        """
        try:
            # NumPy would leave a damaged file open, had it opened it.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                check_size(file.zip)
                loaded = cls(
                    statistics=Statistics(file["mean"], file["scale"]),
                    strength=float(file["strength"]),
                    n_classes=n_classes,
                    classes=file["classes"],
                    weights=file["coef"],
                    intercept=file["intercept"],
                )
        except DAMAGED as error:
            raise RunError(f"{path}: not the weights of a linear model ({error})") from error
        if not loaded._usable:
            raise RunError(f"{path}: holds values that are not finite or do not fit each other")
        return loaded

    @property
    def _usable(self) -> bool:
        """Whether shapes fit, numbers are finite, and classes are rising indices of the labels."""
        classes, numbers = self.classes, (self.weights, self.intercept)
        if classes.ndim != 1 or not np.issubdtype(classes.dtype, np.integer):
            return False
        shapes = (len(classes), *self.statistics.mean.shape), (len(classes),)
        fits = tuple(values.shape for values in numbers) == shapes
        if not fits or any(values.dtype != np.float64 for values in numbers):
            return False
        rising = np.diff(classes, prepend=-1, append=self.n_classes) > 0
        finite = all(np.isfinite(values).all() for values in numbers)
        return bool(self.statistics.usable and len(classes) > 1 and rising.all() and finite)

    def uar(self, values: Values, classes: ArrayLike) -> float:
        """UAR on clips.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.
            classes: Class indices, shape ``(n_clips,)``.
        """
        answers = self.probabilities(values).argmax(axis=1)
        return unweighted_average_recall(classes, answers, n_classes=self.n_classes)


def _classifier(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, class_weight="balanced", max_iter=MAX_ITERATIONS)


def _weights(fitted: Any) -> dict[str, Any]:
    """Weights of a fitted classifier; of two classes scikit-learn keeps a row for the second."""
    rows, intercept = fitted.coef_, fitted.intercept_
    if len(rows) == 1:
        rows, intercept = np.vstack([0 * rows, rows]), np.append(0, intercept)
    return {"classes": fitted.classes_, "weights": rows, "intercept": intercept}
