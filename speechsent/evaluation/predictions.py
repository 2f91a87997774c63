"""What a model answered for each clip, in memory and as a CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechsent import metrics
from speechsent.csv_rows import row_writer
from speechsent.errors import ParameterError, RunError, some
from speechsent.writing import writing

PREDICTIONS = "predictions.csv"  # of a run, on its test part
VALIDATION_PREDICTIONS = "validation_predictions.csv"
COLUMNS = ["file", "speaker", "emotion", "predicted", "correct"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """What evaluation needs to know of each clip: aligned sequences, one entry a clip.

    Args:
        files: Names of the audio files.
        truth: Class indices, shape ``(n_clips,)``.
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        speakers: Who speaks; None if unknown.
        genders: ``"female"`` or ``"male"``; None if unknown.
        labels: Emotion names in the order of the class indices.

    Raises:
        ParameterError: If there is no clip, lengths differ, an index lies outside the labels, or
            the rows are not probabilities.
    """

    files: tuple[str, ...]
    truth: np.ndarray
    probabilities: np.ndarray
    speakers: tuple[str | None, ...]
    genders: tuple[str | None, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {
            name: len(getattr(self, name))
            for name in ("files", "truth", "probabilities", "speakers", "genders")
        }
        if len(set(lengths.values())) > 1:
            raise ParameterError(f"predictions need one entry a clip. Received: {lengths}")
        if self.probabilities.shape != (len(self.truth), len(self.labels)):
            raise ParameterError(
                "probabilities must have one row a clip and one column a label. Received: "
                f"probabilities.shape={self.probabilities.shape}, {len(self.labels)} labels"
            )
        rows = self.probabilities
        sound = np.all(rows >= 0, axis=1) & np.isclose(rows.sum(axis=1), 1, atol=1e-2)
        if not sound.all():
            files = [self.files[i] for i in np.flatnonzero(~sound)]
            raise ParameterError(
                "probabilities must not be negative, and those of a clip must sum to 1. "
                f"Received: others for {some(files)}"
            )
        self.confusion()  # refuses an empty set, and indices outside the labels

    @property
    def predicted(self) -> np.ndarray:
        """Class index of highest probability, shape ``(n_clips,)``; the first where two tie."""
        return np.asarray(self.probabilities.argmax(axis=1))

    def confusion(self, chosen: np.ndarray | slice = slice(None)) -> metrics.Counts:
        """Confusion matrix of the chosen clips, or of all."""
        return metrics.confusion_matrix(
            self.truth[chosen], self.predicted[chosen], n_classes=len(self.labels)
        )


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write a CSV with a row for each clip and a probability column for each class.

    Genders are not written. The file appears whole or not at all.
    """
    with writing(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = row_writer(file)
        writer.writerow([*COLUMNS, *predictions.labels])
        for i, (truth, answer) in enumerate(
            zip(predictions.truth, predictions.predicted, strict=True)
        ):
            clip = [predictions.files[i], predictions.speakers[i] or ""]
            names = [predictions.labels[truth], predictions.labels[answer], int(truth == answer)]
            writer.writerow([*clip, *names, *(f"{p:.6f}" for p in predictions.probabilities[i])])


def read_predictions(path: Path) -> Predictions:
    """Read what ``write_predictions`` wrote; genders are None.

    Raises:
        RunError: If the file cannot be read, or is not such a table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        labels = tuple(header[len(COLUMNS) :])
        if header[: len(COLUMNS)] != COLUMNS:
            raise ValueError(f"its columns must begin with {', '.join(COLUMNS)}")
        return Predictions(
            files=tuple(row[0] for row in rows),
            truth=np.array([labels.index(row[2]) for row in rows]),
            probabilities=np.stack([_probabilities(row, labels) for row in rows]),
            speakers=tuple(row[1] or None for row in rows),
            genders=(None,) * len(rows),
            labels=labels,
        )
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise RunError(f"{path}: not a table of predictions; evaluate again. {error}") from error


def _probabilities(row: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Probabilities of one clip; the column ``predicted`` decides where rounding made a tie."""
    values = np.array([float(text) for text in row[len(COLUMNS) :]])
    answer = labels.index(row[3])
    if values[answer] < values.max():
        raise ValueError(f"{row[0]}: the answer {row[3]!r} is not the most probable class")
    if values.argmax() != answer:
        values[answer] = np.nextafter(values[answer], 1)
    return values
