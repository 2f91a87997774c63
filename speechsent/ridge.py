"""A linear model of numbers on clip statistics: what a network has to beat."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.concordance import concordance
from speechsent.errors import RunError
from speechsent.features.standardize import DAMAGED, Statistics, check_size
from speechsent.metrics import Values

STRENGTHS = (10_000.0, 1_000.0, 100.0, 10.0, 1.0)  # of regularisation, strongest first


@dataclass(frozen=True, kw_only=True, eq=False)
class RidgeBaseline:
    """Ridge regression on standardised clip statistics.

    Args:
        statistics: Mean and deviation of each value over the training clips.
        strength: Strength of regularisation that did best on validation (alpha).
        weights: Shape ``(n_targets, n_values)``.
        intercept: Shape ``(n_targets,)``.
    """

    statistics: Statistics
    strength: float
    weights: Values
    intercept: Values

    @classmethod
    def fit(
        cls,
        train_values: Values,
        train_targets: Values,
        validation_values: Values,
        validation_targets: Values,
    ) -> "RidgeBaseline":
        """Learn from the training clips; validation chooses the regularisation by mean CCC.

        Where strengths tie, the strongest is taken. Nothing is random.

        Args:
            train_values: Clip statistics, shape ``(n_train, n_values)``.
            train_targets: Standardised numbers, shape ``(n_train, n_targets)``.
            validation_values: Clip statistics, shape ``(n_validation, n_values)``.
            validation_targets: Standardised numbers, shape ``(n_validation, n_targets)``.
        """
        statistics = Statistics.of([train_values])
        standard = statistics(train_values)
        fitted = [
            cls(
                statistics=statistics,
                strength=strength,
                **_weights(standard, train_targets, strength),
            )
            for strength in STRENGTHS
        ]
        return max(fitted, key=lambda one: one.ccc(validation_values, validation_targets))

    def again(self, values: Values, targets: Values) -> "RidgeBaseline":
        """The same model fitted to other clips, with the regularisation that was chosen.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.
            targets: Standardised numbers, shape ``(n_clips, n_targets)``.
        """
        statistics = Statistics.of([values])
        fitted = _weights(statistics(values), targets, self.strength)
        return replace(self, statistics=statistics, **fitted)

    def told(self, values: Values) -> Values:
        """Standardised numbers of clips, shape ``(n_clips, n_targets)``.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.
        """
        return self.statistics(values) @ self.weights.T + self.intercept

    def ccc(self, values: Values, targets: Values) -> float:
        """Mean CCC over the targets.

        Args:
            values: Clip statistics, shape ``(n_clips, n_values)``.
            targets: Standardised numbers, shape ``(n_clips, n_targets)``.
        """
        columns = zip(targets.T, self.told(values).T, strict=True)
        return float(np.mean([concordance(x, y) for x, y in columns]))

    def save(self, path: Path) -> None:
        """Write the weights as an ``.npz`` file without pickled objects."""
        with path.open("wb") as file:
            np.savez(
                file,
                mean=self.statistics.mean,
                scale=self.statistics.scale,
                strength=np.array(self.strength),
                coef=self.weights,
                intercept=self.intercept,
            )

    @classmethod
    def load(cls, path: Path) -> "RidgeBaseline":
        """Read what :meth:`save` wrote.

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
        """Whether shapes fit and numbers are finite."""
        fits = self.weights.shape == (*self.intercept.shape, *self.statistics.mean.shape)
        finite = all(np.isfinite(values).all() for values in (self.weights, self.intercept))
        return bool(self.statistics.usable and fits and finite)


def _weights(values: Values, targets: Values, strength: float) -> dict[str, Any]:
    from sklearn.linear_model import Ridge

    fitted = Ridge(alpha=strength).fit(values, targets)
    n_targets = targets.shape[1]
    return {
        "weights": np.reshape(fitted.coef_, (n_targets, -1)),
        "intercept": np.reshape(fitted.intercept_, n_targets),
    }
