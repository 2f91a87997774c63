"""A cross-corpus matrix for people (Markdown), programs (CSV) and slides (PNG)."""

import csv
import io
from pathlib import Path

import numpy as np

from speechsent.evaluation.figures import save
from speechsent.run import Run
from speechsent.study.matrix_cells import Cell, Matrix
from speechsent.study.tables import line

COLUMNS = (
    "trained_on",
    "tested_on",
    "within",
    "uar",
    "uar_sd_over_seeds",
    "uar_low",
    "uar_high",
    "chance",
    "n_clips",
    "n_speakers",
    "classes",
    "left_out",
    "speaker_disjoint",
    "note",
)
EXPLANATION = (
    "UAR (unweighted average recall) in percent, mean over seeds, with the 95 % interval of the "
    "mean by speaker. Rows: trained on; columns: tested on. The diagonal, in bold, is within a "
    "corpus, on test speakers of its own; all other cells are tested on all clips of the corpus. "
    "† marks cells whose test speakers were trained on too, which flatters the score. "
    "Where only one speaker is tested on, or speakers are unknown, clips are drawn for the "
    "interval, which is then too narrow. "
    "Only the classes both corpora have are scored, and only they can be answered; cells with "
    "other classes are other tasks, so look at chance. Corpora differ in microphone, room, level "
    "and language as well as in speakers, and no cell tells these apart."
)


def write_matrix(matrix: Matrix) -> None:
    """Write ``matrix.md``, ``matrix.csv`` and ``matrix.png`` into the folder of the matrix."""
    record = Run(matrix.folder)
    record.write_text("matrix.md", markdown(matrix))
    record.write_text("matrix.csv", as_csv(matrix))
    matrix_figure(matrix, matrix.folder / "matrix.png")


def markdown(matrix: Matrix) -> str:
    """The matrix, the classes of each cell, and what a reader must know."""
    header = ["trained on \\ tested on", *matrix.names]
    rows = [
        [trained, *(_cell(matrix.cells.get((trained, tested))) for tested in matrix.names)]
        for trained in matrix.names
    ]
    grid = _table(header, rows)
    fields = [
        "trained on",
        "tested on",
        "clips",
        "speakers",
        "chance",
        "classes",
        "left out",
        "note",
    ]
    details = _table(fields, [_details(cell) for cell in matrix.cells.values()])
    seeds = ", ".join(map(str, matrix.seeds))
    title = f"# Cross-corpus matrix, seeds {seeds}"
    return "\n\n".join([title, grid, EXPLANATION, details]) + "\n"


def as_csv(matrix: Matrix) -> str:
    """Every figure unrounded, a line for each cell."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_record(cell) for cell in matrix.cells.values())
    return stream.getvalue()


def matrix_figure(matrix: Matrix, path: Path) -> None:
    """Draw the matrix: a cell is darker the farther it is above chance, the diagonal is framed.

    Args:
        matrix: The cells.
        path: The PNG file; it appears whole or not at all.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    n = len(matrix.names)
    figure = Figure(figsize=(2.6 + 1.5 * n, 1.8 + 1.1 * n), layout="constrained")
    axes = figure.add_subplot()
    above = np.full((n, n), np.nan)
    for row, trained in enumerate(matrix.names):
        axes.add_patch(Rectangle((row - 0.5, row - 0.5), 1, 1, fill=False, linewidth=2, zorder=3))
        for column, tested in enumerate(matrix.names):
            cell = matrix.cells.get((trained, tested))
            if cell is not None:
                above[row, column] = _above_chance(cell)
            colour = "white" if above[row, column] > 0.6 else "black"
            told = _short(cell)
            axes.text(column, row, told, ha="center", va="center", color=colour, fontsize=9)
    image = axes.imshow(above, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(n), matrix.names, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(n), matrix.names)
    axes.set(xlabel="tested on", ylabel="trained on")
    title = "UAR in percent with 95 % interval; framed: within a corpus"
    if any(cell.speaker_disjoint is False for cell in matrix.cells.values()):
        title += "\n†: test speakers were trained on too"
    figure.suptitle(title, fontsize=10)
    figure.colorbar(image, ax=axes, label="from chance (0) to all right (1)", shrink=0.8)
    save(figure, path)


def _above_chance(cell: Cell) -> float:
    """Where UAR lies between chance, 0, and all right, 1."""
    return (cell.uar.mean - cell.chance) / (1 - cell.chance)


def _short(cell: Cell | None) -> str:
    if cell is None:
        return "no common\nclasses"
    low, high = 100 * cell.interval.low, 100 * cell.interval.high
    mark = " †" if cell.speaker_disjoint is False else ""
    return f"{100 * cell.uar.mean:.1f}{mark}\n[{low:.0f}, {high:.0f}]\n{len(cell.classes)} classes"


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return "fewer than 2 common classes"
    score = f"{100 * cell.uar.mean:.1f}"
    if cell.uar.sd is not None:
        score += f" ± {100 * cell.uar.sd:.1f}"
    score += f" [{100 * cell.interval.low:.1f}, {100 * cell.interval.high:.1f}]"
    if cell.speaker_disjoint is False:
        score += " †"
    return f"**{score}**" if cell.within else score


def _details(cell: Cell) -> list[str]:
    return [
        cell.trained_on,
        f"{cell.tested_on}{' (its test part)' if cell.within else ''}",
        str(cell.n_clips),
        str(cell.n_speakers),
        f"{100 * cell.chance:.1f}",
        f"{len(cell.classes)}: {', '.join(cell.classes)}",
        ", ".join(cell.left_out) or "none",
        cell.note or "none",
    ]


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join(map(line, (header, ["---"] * len(header), *rows)))


def _record(cell: Cell) -> dict[str, object]:
    return {
        "trained_on": cell.trained_on,
        "tested_on": cell.tested_on,
        "within": int(cell.within),
        "uar": cell.uar.mean,
        "uar_sd_over_seeds": "" if cell.uar.sd is None else cell.uar.sd,
        "uar_low": cell.interval.low,
        "uar_high": cell.interval.high,
        "chance": cell.chance,
        "n_clips": cell.n_clips,
        "n_speakers": cell.n_speakers,
        "classes": " ".join(cell.classes),
        "left_out": " ".join(cell.left_out),
        "speaker_disjoint": "" if cell.speaker_disjoint is None else int(cell.speaker_disjoint),
        "note": cell.note,
    }
