"""What a model told of each clip in numbers, in memory and as a CSV."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechsent.corpus.manifest import PREDICTED
from speechsent.csv_rows import row_writer
from speechsent.errors import ParameterError, RunError
from speechsent.metrics import Values
from speechsent.writing import writing


@dataclass(frozen=True, kw_only=True, eq=False)
class NumericPredictions:
    """True and told numbers: aligned sequences, one entry a clip.

    Args:
        files: Names of the audio files.
        speakers: Who speaks; None if unknown.
        names: Names of the targets.
        truth: In the units of the columns, shape ``(n_clips, n_targets)``.
        predicted: What the model tells, in the same units and shape.

    Raises:
        ParameterError: If there is no clip, or lengths or shapes differ.
    """

    files: tuple[str, ...]
    speakers: tuple[str | None, ...]
    names: tuple[str, ...]
    truth: Values
    predicted: Values

    def __post_init__(self) -> None:
        shape = (len(self.files), len(self.names))
        shapes = (self.truth.shape, self.predicted.shape)
        if not self.files or set(shapes) != {shape} or len(self.speakers) != len(self.files):
            raise ParameterError(
                "predictions need one row a clip and one column a target. Received: "
                f"{len(self.files)} files, {len(self.speakers)} speakers, "
                f"{len(self.names)} targets, truth.shape={self.truth.shape}, "
                f"predicted.shape={self.predicted.shape}"
            )


def write_numbers(predictions: NumericPredictions, path: Path) -> None:
    """Write a CSV with a row for each clip; each target has a column beside what was told.

    True values are written exactly. The file appears whole or not at all.
    """
    names = [f"{name}{ending}" for name in predictions.names for ending in ("", PREDICTED)]
    pairs = np.stack([predictions.truth, predictions.predicted], axis=2)
    with writing(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = row_writer(file)
        writer.writerow(["file", "speaker", *names])
        for clip, speaker, values in zip(
            predictions.files, predictions.speakers, pairs, strict=True
        ):
            cells = [cell for truth, told in values.tolist() for cell in (truth, f"{told:.6g}")]
            writer.writerow([clip, speaker or "", *cells])


def read_numbers(path: Path, names: Sequence[str]) -> NumericPredictions:
    """Read what ``write_numbers`` wrote.

    Args:
        path: The file.
        names: Names of the targets.

    Raises:
        RunError: If the file cannot be read, or is not such a table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return NumericPredictions(
            files=tuple(row["file"] for row in rows),
            speakers=tuple(row["speaker"] or None for row in rows),
            names=tuple(names),
            truth=np.array([[float(row[name]) for name in names] for row in rows]),
            predicted=np.array([[float(row[name + PREDICTED]) for name in names] for row in rows]),
        )
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise RunError(f"{path}: not a table of told numbers; evaluate again. {error}") from error
