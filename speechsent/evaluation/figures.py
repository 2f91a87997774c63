"""Pictures of a result: confusion matrix, reliability, course of training, as PNG files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from speechsent.errors import ParameterError
from speechsent.evaluation.calibration import ConfidenceBin
from speechsent.training.listener import SCORES
from speechsent.writing import writing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe, Ito (2008). Color Universal Design: these two differ for every kind of colour vision.
BEFORE_COLOUR, AFTER_COLOUR = TRAIN_COLOUR, VALIDATION_COLOUR = "#0072B2", "#D55E00"


def confusion_figure(
    confusion: ArrayLike, labels: Sequence[str], path: Path, *, title: str
) -> None:
    """Draw a confusion matrix: each cell holds its count and its share of the true class.

    A class without clips has counts of 0 and no shares.

    Args:
        confusion: Counts, shape ``(n_classes, n_classes)``, a row for each true class.
        labels: Emotion names in the order of the rows.
        path: The PNG file; it appears whole or not at all.
        title: Heading, wrapped where it is too long.

    Raises:
        ParameterError: If the matrix is not square with a row for each label.
    """
    from matplotlib.figure import Figure

    counts = np.asarray(confusion)
    if counts.shape != (len(labels), len(labels)):
        raise ParameterError(
            "a confusion matrix needs a row and a column for each label. "
            f"Received: confusion.shape={counts.shape}, {len(labels)} labels"
        )
    totals = counts.sum(axis=1, keepdims=True)
    rates = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    side = 2.6 + 0.72 * len(labels)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(rates, cmap="Blues", vmin=0, vmax=1)
    _write_cells(axes, counts, rates)
    positions = range(len(labels))
    axes.set_xticks(positions, labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(positions, labels)
    axes.set(xlabel="recognised as", ylabel="true emotion")
    figure.suptitle(fill(title, int(9 * side)), fontsize=11)
    figure.colorbar(image, ax=axes, label="share of the true emotion", shrink=0.8)
    save(figure, path)


def history_figure(
    history: Mapping[str, Sequence[float]], path: Path, *, best_epoch: int | None = None
) -> None:
    """Draw loss and score of each epoch, for training and validation side by side.

    Args:
        history: Values of each epoch under ``"loss"`` and ``"uar"`` or ``"ccc"``, and those of the
            validation set with ``"val_"`` before the name; curves that are missing are left out.
        path: The PNG file; it appears whole or not at all.
        best_epoch: Epoch whose weights were kept, counted from 1; None draws no mark.

    Raises:
        ParameterError: If there is nothing to draw, or ``best_epoch`` was not trained.
    """
    from matplotlib.figure import Figure

    n_epochs = max((len(history.get(name, ())) for name in ("loss", *SCORES)), default=0)
    if n_epochs == 0:
        raise ParameterError(
            f"a history needs values of 'loss', 'uar' or 'ccc'. Received: {sorted(history)}"
        )
    if best_epoch is not None and not 1 <= best_epoch <= n_epochs:
        raise ParameterError(
            f"best_epoch must lie in [1, {n_epochs}]. Received: best_epoch={best_epoch}"
        )
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_curves(left, history, "loss", best_epoch)
    score = next((name for name in SCORES if name in history), "uar")
    _draw_curves(right, history, score, best_epoch)
    left.set(ylabel="loss", ylim=(0, None))
    right.set(ylabel=SCORES[score], ylim=(_lowest(history, score), 1.02))
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False)
    save(figure, path)


def _lowest(history: Mapping[str, Sequence[float]], score: str) -> float:
    """0, or less where a CCC is."""
    return min([0.0, *history.get(score, ()), *history.get(f"val_{score}", ())])


def reliability_figure(
    before: Sequence[ConfidenceBin], after: Sequence[ConfidenceBin], path: Path, *, title: str
) -> None:
    """Draw accuracy against confidence, without and with temperature, over the clips of each bin.

    Args:
        before: Bins of the probabilities as the network gives them.
        after: Bins of the calibrated ones.
        path: The PNG file; it appears whole or not at all.
        title: Heading, wrapped where it is too long.

    Raises:
        ParameterError: If there is no bin.
    """
    from matplotlib.figure import Figure

    if not before or not after:
        raise ParameterError(
            "a reliability plot needs bins with clips. "
            f"Received: {len(before)} before, {len(after)} after"
        )
    figure = Figure(figsize=(4.8, 5.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color="0.4", linestyle="--", label="perfect")
    _draw_bins(upper, lower, before, BEFORE_COLOUR, "as trained", "o")
    _draw_bins(upper, lower, after, AFTER_COLOUR, "with temperature", "s")
    upper.set(ylabel="share recognised", ylim=(0, 1.02), xlim=(0, 1))
    lower.set(xlabel="highest probability of a clip", ylabel="clips")
    upper.legend(loc="upper left", frameon=False)
    upper.grid(alpha=0.3)
    figure.suptitle(fill(title, 50), fontsize=11)
    save(figure, path)


def _draw_bins(
    upper: "Axes",
    lower: "Axes",
    bins: Sequence[ConfidenceBin],
    colour: str,
    label: str,
    marker: str,
) -> None:
    """Draw accuracy and number of clips of each bin."""
    confidence = [row.confidence for row in bins]
    accuracy = [row.accuracy for row in bins]
    upper.plot(confidence, accuracy, color=colour, marker=marker, label=label, clip_on=False)
    lower.bar(
        [row.low for row in bins],
        [row.n for row in bins],
        width=[row.high - row.low for row in bins],
        align="edge",
        fill=False,
        edgecolor=colour,
    )


def _write_cells(axes: "Axes", counts: np.ndarray, rates: np.ndarray) -> None:
    """Write count and share into each cell, light on dark."""
    for (row, column), count in np.ndenumerate(counts):
        rate = rates[row, column]
        axes.text(
            column,
            row,
            f"{count}" if np.isnan(rate) else f"{count}\n{rate:.0%}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if rate > 0.5 else "black",
        )


def _draw_curves(
    axes: "Axes", history: Mapping[str, Sequence[float]], name: str, best_epoch: int | None
) -> None:
    """Draw one quantity of training and validation, and mark the best epoch."""
    from matplotlib.ticker import MaxNLocator

    train, validation = history.get(name, ()), history.get(f"val_{name}", ())
    # Dots, because a single epoch has no line; whole ones, even at the edge of the panel.
    for values, colour, label, marker in (
        (train, TRAIN_COLOUR, "training", "o"),
        (validation, VALIDATION_COLOUR, "validation", "s"),
    ):
        epochs = range(1, len(values) + 1)
        axes.plot(
            epochs,
            values,
            color=colour,
            label=label,
            marker=marker,
            markersize=3,
            clip_on=False,
        )
    if best_epoch is not None:
        label = f"best epoch ({best_epoch})"
        axes.axvline(best_epoch, color="0.4", linestyle="--", label=label, zorder=1)
    axes.set(xlabel="epoch", xlim=(0.5, max(len(train), len(validation), 1) + 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(alpha=0.3)


def save(figure: "Figure", path: Path) -> None:
    """Write a PNG whole or not at all, without a version stamp: equal figures, equal files."""
    with writing(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=150, metadata={"Software": None})
