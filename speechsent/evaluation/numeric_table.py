"""Scores of told numbers as a table for people."""

from speechsent.evaluation.headline import headline
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.regression import RegressionScores, TargetScores

NAME_WIDTH = 24


def numeric_table(scores: RegressionScores) -> str:
    """Lay the scores out: a block of what must be known, and a row for each target."""
    span = f"({scores.ccc_interval.confidence:.0%}, {scores.ccc_interval.method})"
    mean = f"mean CCC {scores.ccc:.3f} {_ends(scores.ccc_interval)} {span}"
    width = min(NAME_WIDTH, max(map(len, [*scores.targets, "target"])))
    rows = [
        f"{name[:width]:<{width}}  {_told(row):<46}  {row.constant_rmse:>12.4g}{_linear(row)}"
        for name, row in scores.targets.items()
    ]
    linear = any(row.linear_ccc is not None for row in scores.targets.values())
    header = f"{'target':<{width}}  {'CCC':<22}  {'RMSE':<22}  {'RMSE of mean':>12}"
    block = [header + ("  linear CCC, RMSE" if linear else ""), *rows]
    return "\n\n".join("\n".join(lines) for lines in (headline(scores), [mean], block))


def _told(row: TargetScores) -> str:
    ccc = f"{row.ccc:.3f} {_ends(row.ccc_interval)}"
    low, high = row.rmse_interval.low, row.rmse_interval.high
    return f"{ccc:<22}  {row.rmse:.4g} [{low:.4g}, {high:.4g}]"


def _linear(row: TargetScores) -> str:
    return "" if row.linear_ccc is None else f"  {row.linear_ccc:.3f}, {row.linear_rmse:.4g}"


def _ends(interval: Interval) -> str:
    return f"[{interval.low:.2f}, {interval.high:.2f}]"
