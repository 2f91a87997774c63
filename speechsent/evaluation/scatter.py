"""Told numbers against true ones, as a PNG file."""

from pathlib import Path
from textwrap import fill

import numpy as np

from speechsent.evaluation.figures import save
from speechsent.evaluation.numeric import NumericPredictions


def scatter_figure(predictions: NumericPredictions, path: Path, *, title: str) -> None:
    """Draw a panel for each target: a dot a clip, and the line on which all is told right.

    Args:
        predictions: Clips with truth and what was told.
        path: The PNG file; it appears whole or not at all.
        title: Heading, wrapped where it is too long.
    """
    from matplotlib.figure import Figure

    n = len(predictions.names)
    figure = Figure(figsize=(0.6 + 3.6 * n, 4.2), layout="constrained")
    panels = figure.subplots(1, n, squeeze=False)[0]
    columns = zip(predictions.truth.T, predictions.predicted.T, strict=True)
    for axes, name, (truth, told) in zip(panels, predictions.names, columns, strict=True):
        ends = np.array([min(truth.min(), told.min()), max(truth.max(), told.max())])
        axes.plot(ends, ends, color="0.4", linestyle="--")
        axes.scatter(truth, told, s=12, alpha=0.6, color="#0072B2", linewidths=0)
        axes.set(xlabel=f"true {name}", ylabel=f"told {name}", aspect="equal")
        axes.grid(alpha=0.3)
    figure.suptitle(fill(title, 20 + 30 * n), fontsize=11)
    save(figure, path)
