"""Numbers that are to be told of a clip, such as arousal: their names and their scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import CorpusError, ParameterError, some
from speechsent.metrics import Values


@dataclass(frozen=True, kw_only=True)
class TargetScale:
    """Mean and deviation of each target over the training clips.

    A network learns standardised targets, so that all count alike whatever their unit.

    Args:
        names: Columns of the CSV, in the order of the network's outputs.
        mean: Mean of each, in the unit of the column.
        sd: Standard deviation of each, above 0.

    Raises:
        ParameterError: If lengths differ, or a number is not finite, or a deviation not above 0.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]

    def __post_init__(self) -> None:
        fits = len(self.names) == len(self.mean) == len(self.sd) > 0
        numbers = all(type(n) in (int, float) and math.isfinite(n) for n in (*self.mean, *self.sd))
        if not fits or not numbers or min(self.sd) <= 0:
            raise ParameterError(
                "a scale has a finite mean and a deviation above 0 for each target. "
                f"Received: {asdict(self)}"
            )

    @classmethod
    def of(cls, names: Sequence[str], values: ArrayLike) -> "TargetScale":
        """Measure the training clips.

        Args:
            names: Columns of the CSV.
            values: Shape ``(n_train, n_targets)``, in the units of the columns.

        Raises:
            CorpusError: If a target has one value throughout.
        """
        known = np.asarray(values, np.float64)
        constant = [n for n, column in zip(names, known.T, strict=True) if np.ptp(column) == 0]
        if constant:
            raise CorpusError(
                f"targets that never vary in the training part: {some(constant)}. "
                "There is nothing to learn; leave them out"
            )
        mean, sd = known.mean(axis=0).tolist(), known.std(axis=0).tolist()
        return cls(names=tuple(names), mean=tuple(mean), sd=tuple(sd))

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "TargetScale":
        """Undo ``as_dict``."""
        return cls(names=tuple(raw["names"]), mean=tuple(raw["mean"]), sd=tuple(raw["sd"]))

    def as_dict(self) -> dict[str, Any]:
        """Plain lists, ready for JSON."""
        return {name: list(values) for name, values in asdict(self).items()}

    def standard(self, values: ArrayLike) -> Values:
        """From the units of the columns to deviations from the training mean.

        Args:
            values: Shape ``(n_clips, n_targets)``.
        """
        return (np.asarray(values, np.float64) - self.mean) / self.sd

    def undone(self, outputs: ArrayLike) -> Values:
        """From a network's outputs to the units of the columns.

        Args:
            outputs: Shape ``(n_clips, n_targets)``.
        """
        return np.asarray(outputs, np.float64) * self.sd + self.mean
