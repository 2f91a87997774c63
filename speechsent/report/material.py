"""All that a report tells, gathered from a run folder and its evaluation."""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.corpus.utterance import Utterance
from speechsent.errors import RunError
from speechsent.evaluation.calibrated import Calibration
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.regression import AnyScores
from speechsent.report.attribution import Attribution
from speechsent.report.contributions import Contribution
from speechsent.report.sound import Heard
from speechsent.run import Run
from speechsent.run_records import audit_of, doctor_of


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One clip in detail.

    Args:
        index: Which of the scored clips.
        heard: Its sound and spectrogram; None if its file is gone.
        attribution: Where the answer comes from; None if its file is gone.
        explained: Name of the output that is explained.
    """

    index: int
    heard: Heard | None
    attribution: Attribution | None
    explained: str


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a report tells.

    Args:
        run: The run.
        folder: Where the results are.
        scores: The scores.
        predictions: What was answered for each clip.
        utterances: The clips, aligned with the predictions.
        contributions: What each branch adds; empty for one branch alone.
        details: Clips in detail, worst first.
    """

    run: Run
    folder: Path
    scores: AnyScores
    predictions: Predictions | NumericPredictions
    utterances: Sequence[Utterance]
    contributions: Sequence[Contribution] = ()
    details: Sequence[Detail] = ()

    @property
    def history(self) -> dict[str, list[dict[str, str]]]:
        """Rows of ``history.csv`` by stage.

        Raises:
            RunError: If it is damaged.
        """
        path = self.run.path / "history.csv"
        stages: dict[str, list[dict[str, str]]] = {}
        if path.is_file():
            try:
                with path.open(newline="", encoding="utf-8") as file:
                    for row in csv.DictReader(file):
                        _check_epoch(row, self.run.score)
                        stages.setdefault(row["stage"], []).append(row)
            except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
                raise RunError(f"{path}: damaged; restore it, or delete it ({error!r})") from error
        return stages

    @property
    def doctor(self) -> list[Mapping[str, Any]] | None:
        """Findings of the doctor with their stages; None if it was not asked, as in old runs."""
        told = doctor_of(self.run)
        if told is None:
            return None
        return [
            {**finding, "stage": stage["stage"]}
            for stage in told["stages"]
            for finding in (*stage["before"], *stage["during"])
        ]

    @property
    def audit(self) -> Mapping[str, Any] | None:
        """The audit of these clips, or of the run's own split; None if there is none."""
        found = (audit_of(Run(folder)) for folder in (self.folder, self.run.path))
        return next((told for told in found if told is not None), None)

    @property
    def calibration(self) -> Calibration | None:
        """The run's temperature."""
        return Calibration.find(self.run.path)


def _check_epoch(row: Mapping[str, str | None], score: str) -> None:
    """A row has its stage and whether it was kept, and finite numbers where it has any."""
    names = ("stage", "kept", "epoch", "loss", "val_loss", score, f"val_{score}")
    stage, kept, *figures = (row[name] for name in names)
    if None in (stage, kept, *figures):
        raise ValueError("a row is cut")
    if not all(math.isfinite(float(figure)) for figure in figures if figure):
        raise ValueError("a figure is not finite")


def worst_first(predictions: Predictions | NumericPredictions, scale: Sequence[float]) -> list[int]:
    """Clips in order: most confidently wrong first, most confidently right last.

    Where numbers are told: the largest error first, in units of each target's spread.

    Args:
        predictions: The answers.
        scale: Spread of each target in training; not used for emotions.
    """
    if isinstance(predictions, NumericPredictions):
        order = np.argsort(-residuals(predictions, scale).max(axis=1), kind="stable")
        return [int(i) for i in order]
    sure = predictions.probabilities.max(axis=1)
    wrong = predictions.predicted != predictions.truth
    return [int(i) for i in np.lexsort((np.where(wrong, -sure, sure), ~wrong))]


def residuals(predictions: NumericPredictions, scale: Sequence[float]) -> np.ndarray:
    """Size of each error in units of the target's spread, shape ``(n_clips, n_targets)``."""
    return np.abs(predictions.predicted - predictions.truth) / np.asarray(scale)
