"""Old logs as curves: a CSV of Keras or of ours, or what ``fit`` printed, pasted into a file."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from speechsent.errors import ParameterError

# Best first. UAR is no share of right answers, so arithmetic on losses leaves it out.
ACCURACIES = (
    "accuracy",
    "acc",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "binary_accuracy",
)
SCORES = (*ACCURACIES, "uar", "ccc")
EPOCH = re.compile(r"Epoch (\d+)/\d+")
FIGURE = re.compile(r"\b([a-z][a-z0-9_]*): +([-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf))(?![\w:])")


@dataclass(frozen=True)
class Curves:
    """Figures of one training, epoch by epoch.

    Args:
        name: Which training, such as the stage of a run.
        columns: By name, a figure an epoch, NaN where the log has none.
    """

    name: str
    columns: Mapping[str, np.ndarray]

    @property
    def n_epochs(self) -> int:
        """Number of epochs."""
        return max((len(values) for values in self.columns.values()), default=0)

    @property
    def best_kept(self) -> bool:
        """Whether the weights of the best epoch were kept, as our own trainings do."""
        return "kept" in self.columns

    @property
    def honest(self) -> bool:
        """Whether training figures were measured in inference mode, as our own trainings do."""
        return "objective" in self.columns

    def of(self, name: str) -> np.ndarray:
        """One column; empty if there is none."""
        return self.columns.get(name, np.empty(0))

    def accuracy(self, part: str = "") -> np.ndarray:
        """Share of right answers; empty if the log has none.

        Args:
            part: ``""`` or ``"val_"``.
        """
        return self._first(ACCURACIES, part)

    def score(self, part: str = "") -> np.ndarray:
        """Accuracy, or the score in its place."""
        return self._first(SCORES, part)

    def _first(self, names: Iterable[str], part: str) -> np.ndarray:
        found = (self.of(f"{part}{name}") for name in names)
        return next((values for values in found if len(values)), np.empty(0))


def read_curves(path: Path | str) -> tuple[Curves, ...]:
    """Read a log: one set of curves for each training or stage in it.

    Args:
        path: A CSV with a ``loss`` column, or a text with lines such as
            ``Epoch 3/10 … - loss: 7.0776 - acc: 0.5560``.

    Raises:
        ParameterError: If the file cannot be read, or has no epochs.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ParameterError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:
        raise ParameterError(f"{path}: cannot be read as text ({error})") from error
    curves = _from_table(text) or _from_progress(text)
    if not curves:
        raise ParameterError(
            f"{path}: no training log; expected a CSV with a column 'loss', or lines such as "
            "'Epoch 3/10 - loss: 7.0776 - acc: 0.5560'"
        )
    return curves


def _from_table(text: str) -> tuple[Curves, ...]:
    """Curves by stage and ``fit``; none if it is no CSV with losses."""
    header = text.partition("\n")[0]
    delimiter = next((sign for sign in ";\t" if sign in header), ",")
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
    if "loss" not in rows.fieldnames:
        return ()
    stages: dict[str, list[list[Mapping[str, float]]]] = {}
    before: dict[str, float] = {}
    for row in rows:
        if row["loss"] is None:  # the last row of a training that was killed
            continue
        stage, epoch = row.get("stage") or "training", _number(row.get("epoch"))
        named = {k: _number(v) for k, v in row.items() if k and k not in ("epoch", "stage")}
        fits = stages.setdefault(stage, [[]])
        if epoch <= before.get(stage, -math.inf):  # CSVLogger(append=True)
            fits.append([])
        before[stage] = epoch
        fits[-1].append(named)
    return tuple(curves for stage, fits in stages.items() for curves in _named(stage, fits))


def _from_progress(text: str) -> tuple[Curves, ...]:
    """Curves of each ``fit``, which begins where the epochs begin anew."""
    fits: list[list[dict[str, float]]] = []
    before = math.inf
    marked = EPOCH.search(text) is not None
    for line in re.split(r"[\r\n\b]+", text):
        if marked and (found := EPOCH.search(line)):
            if int(found[1]) <= before:
                fits.append([])
            before = int(found[1])
            fits[-1].append({})
        figures = {name: float(value) for name, value in FIGURE.findall(line)}
        if "loss" not in figures:
            continue
        if marked and fits:
            fits[-1][-1].update(figures)  # the last line of an epoch has its final figures
        elif not marked:
            fits = fits or [[]]
            fits[0].append(figures)
    full = [[epoch for epoch in epochs if "loss" in epoch] for epochs in fits]
    return _named("training", [epochs for epochs in full if epochs])


def _named(name: str, fits: Sequence[Sequence[Mapping[str, float]]]) -> tuple[Curves, ...]:
    """Curves of each ``fit``, numbered where there are several."""
    names = [name] if len(fits) == 1 else [f"{name} {i + 1}" for i in range(len(fits))]
    return tuple(map(_curves, names, fits))


def _curves(name: str, epochs: Sequence[Mapping[str, float]]) -> Curves:
    columns = dict.fromkeys(key for epoch in epochs for key in epoch)
    values = {key: np.array([epoch.get(key, math.nan) for epoch in epochs]) for key in columns}
    return Curves(name, {k: v for k, v in values.items() if k == "loss" or not _empty(v)})


def _empty(values: np.ndarray) -> bool:
    """A column without a figure, such as the UAR where a stage has none."""
    return bool(np.isnan(values).all())


def _number(text: str | None) -> float:
    try:
        return float((text or "nan").replace(",", "."))  # within a cell, it is a decimal comma
    except ValueError:
        return math.nan
