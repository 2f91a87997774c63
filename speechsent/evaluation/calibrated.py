"""The temperature of a run: fitted on validation clips, judged on others, kept as JSON."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError, RunError
from speechsent.evaluation.calibration import (
    TEMPERATURES,
    apply_temperature,
    brier,
    coverage_curve,
    expected_calibration_error,
    fit_temperature,
)
from speechsent.evaluation.predictions import Predictions
from speechsent.metrics import Values
from speechsent.typed import shown

CALIBRATION = "calibration.json"
SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
NEARLY = 1.01  # the search ends this close to a bound


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The temperature of a run.

    Args:
        temperature: Above 0; above 1 the network was too sure of itself.
        n_validation: Clips it was fitted on.
        ece_before: Expected calibration error on these clips without it, in ``[0, 1]``.
        ece_after: The same with it, so optimistic.

    Raises:
        ParameterError: If a number is out of range.
    """

    temperature: float
    n_validation: int
    ece_before: float
    ece_after: float

    def __post_init__(self) -> None:
        lowest, highest = TEMPERATURES[0] / NEARLY, TEMPERATURES[1] * NEARLY
        numbers = (self.temperature, self.n_validation, self.ece_before, self.ece_after)
        if not all(type(n) in (int, float) and abs(n) <= sys.maxsize for n in numbers):
            raise ParameterError(
                f"a calibration has four finite numbers. Received: {shown(numbers)}"
            )
        if not lowest <= self.temperature <= highest or self.n_validation < 1:
            raise ParameterError(
                "a calibration needs a positive temperature and a validation clip. Received: "
                f"temperature={self.temperature}, n_validation={self.n_validation}"
            )

    @classmethod
    def fit(cls, probabilities: ArrayLike, truth: ArrayLike) -> "Calibration":
        """Fit on validation clips.

        Where all of them are recognised, every lower temperature fits better, and the next error
        would be made with certainty: then the temperature is 1 and changes nothing.

        Args:
            probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
            truth: Class indices, shape ``(n_clips,)``.

        Raises:
            ParameterError: If the rows are not probabilities, or do not fit ``truth``.
        """
        temperature = fit_temperature(probabilities, truth)
        if temperature < TEMPERATURES[0] * NEARLY:
            temperature = 1.0
        after = apply_temperature(probabilities, temperature)
        return cls(
            temperature=temperature,
            n_validation=len(np.asarray(truth)),
            ece_before=expected_calibration_error(probabilities, truth),
            ece_after=expected_calibration_error(after, truth),
        )

    @classmethod
    def find(cls, folder: Path) -> "Calibration | None":
        """Read the calibration of a run folder; None if it has none, as older ones.

        Raises:
            RunError: If the file is damaged.
        """
        path = folder / CALIBRATION
        if not path.is_file():
            return None
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError, RecursionError) as error:
            raise RunError(f"{path}: not the calibration of a run ({error})") from error

    def as_dict(self) -> dict[str, Any]:
        """Return plain numbers, ready for JSON."""
        return asdict(self)

    def __call__(self, probabilities: ArrayLike) -> Values:
        """Calibrated probabilities, shape ``(..., n_classes)``."""
        return apply_temperature(probabilities, self.temperature)


@dataclass(frozen=True, kw_only=True)
class CoverageRow:
    """Accuracy when only the most confident clips are answered.

    Args:
        wanted: Share of clips that is to be answered at least.
        coverage: Share that is answered; more where clips tie.
        accuracy: Share of these that was recognised.
        threshold: Lowest calibrated confidence that is answered.
    """

    wanted: float
    coverage: float
    accuracy: float
    threshold: float


@dataclass(frozen=True, kw_only=True)
class CalibrationScores:
    """Calibration on clips that did not fit the temperature.

    Args:
        temperature: The temperature.
        n_validation: Clips it was fitted on.
        ece_before: Expected calibration error without it, in ``[0, 1]``.
        ece_after: The same with it.
        brier_before: Brier score without it, in ``[0, 2]``.
        brier_after: The same with it.
        coverage: Accuracy against coverage, from all clips to half of them.
    """

    temperature: float
    n_validation: int
    ece_before: float
    ece_after: float
    brier_before: float
    brier_after: float
    coverage: tuple[CoverageRow, ...]

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "CalibrationScores":
        """Undo ``dataclasses.asdict``."""
        return cls(**{**raw, "coverage": tuple(CoverageRow(**row) for row in raw["coverage"])})


def calibration_scores(predictions: Predictions, calibration: Calibration) -> CalibrationScores:
    """Judge a temperature on clips that did not fit it."""
    before, truth = predictions.probabilities, predictions.truth
    after = calibration(before)
    return CalibrationScores(
        temperature=calibration.temperature,
        n_validation=calibration.n_validation,
        ece_before=expected_calibration_error(before, truth),
        ece_after=expected_calibration_error(after, truth),
        brier_before=brier(before, truth),
        brier_after=brier(after, truth),
        coverage=coverage_rows(after, truth),
    )


def coverage_rows(probabilities: ArrayLike, truth: ArrayLike) -> tuple[CoverageRow, ...]:
    """Accuracy at each share of clips in ``SHARES``.

    Args:
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        truth: Class indices, shape ``(n_clips,)``.

    Example:
        >>> coverage_rows([[0.4, 0.6], [0.1, 0.9]], [0, 1])[-1]
        CoverageRow(wanted=0.5, coverage=0.5, accuracy=1.0, threshold=0.9)
    """
    curve = coverage_curve(probabilities, truth)
    rows = []
    for wanted in SHARES:
        i = int(np.searchsorted(curve.coverage, wanted - 1e-9))  # 0.7 of ten clips is seven
        rows.append(
            CoverageRow(
                wanted=wanted,
                coverage=float(curve.coverage[i]),
                accuracy=float(curve.accuracy[i]),
                threshold=float(curve.threshold[i]),
            )
        )
    return tuple(rows)
