"""The picture of a study: each system's UAR with its interval, on one axis."""

from pathlib import Path
from textwrap import fill

from speechsent.evaluation.figures import TRAIN_COLOUR, VALIDATION_COLOUR, save
from speechsent.study.analysis import Table
from speechsent.study.tables import by_unit


def study_figure(table: Table, path: Path) -> None:
    """Draw UAR by system: the interval as a line, the mean over seeds as a dot.

    Args:
        table: The rows, drawn from top to bottom.
        path: The PNG file; it appears whole or not at all.
    """
    from matplotlib.figure import Figure

    n_rows = len(table.rows)
    figure = Figure(figsize=(8, 1.7 + 0.38 * n_rows), layout="constrained")
    axes = figure.add_subplot()
    for place, row in enumerate(table.rows):
        colour = VALIDATION_COLOUR if row.system == table.reference else TRAIN_COLOUR
        low, high = 100 * row.uar_interval.low, 100 * row.uar_interval.high
        axes.plot([low, high], [place, place], color=colour, linewidth=2)
        axes.plot(100 * row.uar.mean, place, "o", color=colour)
        label = f"{100 * row.uar.mean:.1f}"
        axes.annotate(label, (100 * row.uar.mean, place), (0, 6), textcoords="offset points",
                      ha="center", fontsize=8)  # fmt: skip
    axes.axvline(100 * table.chance, color="grey", linestyle=":", linewidth=1)
    axes.text(100 * table.chance, n_rows - 0.4, " chance", color="grey", fontsize=8, va="center")
    names = [
        f"{r.system} (reference)" if r.system == table.reference else r.system for r in table.rows
    ]
    axes.set_yticks(range(n_rows), names)
    axes.set(
        ylim=(n_rows - 0.2, -0.7), xlabel=f"UAR in percent, with 95 % interval {by_unit(table)}"
    )
    axes.spines[["top", "right"]].set_visible(False)
    folds = f"{len(table.folds)} fold{'s' * (len(table.folds) > 1)}"
    seeds = f"{len(table.seeds)} seed{'s' * (len(table.seeds) > 1)}"
    title = (
        f"{table.protocol}: {folds}, {seeds}, {table.n_clips} clips, {table.n_speakers} speakers"
    )
    figure.suptitle(fill(title, 80), fontsize=10)
    save(figure, path)
