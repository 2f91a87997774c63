"""Scores as a table for people, to read in a terminal or a log file."""

from collections.abc import Sequence

from speechsent.evaluation.calibrated import CalibrationScores
from speechsent.evaluation.headline import WIDTH, headline
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.linear import LinearComparison
from speechsent.evaluation.numeric_table import numeric_table
from speechsent.evaluation.regression import AnyScores, RegressionScores
from speechsent.evaluation.rows import GroupScore
from speechsent.evaluation.scores import Scores

NAME_WIDTH = 24
WORST_SHOWN = 10
NOT_BEATEN = "the net does not beat a linear model on clip statistics"


def table(scores: AnyScores) -> str:
    """Lay the scores out for people: plain ASCII but for names, at most 100 columns."""
    if isinstance(scores, RegressionScores):
        return numeric_table(scores)
    blocks = [
        headline(scores),
        _totals(scores),
        _recall_lines(scores),
        _confusion_lines(scores),
        _group_lines("gender", scores.per_gender),
        _group_lines("speaker, worst first", scores.per_speaker),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _totals(scores: Scores) -> list[str]:
    lines = [
        f"UAR (UA, balanced accuracy) {scores.uar:.3f} {_span(scores.uar_interval)}",
        f"accuracy (WA) {scores.k}/{scores.n} = {scores.accuracy:.3f} "
        f"{_span(scores.accuracy_interval)}{_by_speaker(scores.accuracy_bootstrap)}",
        f"macro-F1 {scores.macro_f1:.3f} {_span(scores.macro_f1_interval)}".rstrip(),
        f"chance: UAR {scores.chance_uar:.3f}",
    ]
    if scores.majority is not None:
        always = scores.majority
        lines.append(
            f"always '{always.answer}' (majority in training): "
            f"accuracy {always.accuracy:.3f}, UAR {always.uar:.3f}"
        )
    if scores.linear is not None:
        lines += _linear_lines(scores.linear, scores.linear_remark)
    if scores.calibration is not None:
        lines += _calibration_lines(scores.calibration)
    return lines


def _span(interval: Interval | None) -> str:
    if interval is None:
        return ""
    return f"{_ends(interval)} ({interval.confidence:.0%}, {interval.method})"


def _by_speaker(interval: Interval | None) -> str:
    """What Wilson's interval misses: the clips of one speaker are not independent."""
    if interval is None or not interval.method.endswith("speakers"):
        return ""
    return f"; by speakers {_ends(interval)}"


def _ends(interval: Interval) -> str:
    return f"[{interval.low:.2f}, {interval.high:.2f}]"


def _linear_lines(linear: LinearComparison, remark: str) -> list[str]:
    line = (
        f"linear baseline on clip statistics: UAR {linear.uar:.3f}; "
        f"the net is {linear.difference:+.2f} {_ends(linear.interval)}, {linear.told_p}"
    )
    few = [remark] if remark else []
    return [line, *few] if linear.beaten else [line, *few, NOT_BEATEN]


def _calibration_lines(found: CalibrationScores) -> list[str]:
    shares = ", ".join(f"{row.wanted:.0%} {row.accuracy:.2f}" for row in found.coverage)
    return [
        f"calibration: temperature {found.temperature:.2f}, ECE {found.ece_before:.3f} -> "
        f"{found.ece_after:.3f}, Brier {found.brier_before:.3f} -> {found.brier_after:.3f}",
        f"accuracy of the most confident clips: {shares}",
    ]


def _recall_lines(scores: Scores) -> list[str]:
    width = min(NAME_WIDTH, max(map(len, scores.labels)))
    lines = ["recall per class"]
    for label, row in scores.recall.items():
        name = f"  {label[:width]:<{width}}"
        if row.recall is None:
            lines.append(f"{name}  no clips")
        else:
            span = f"[{row.low:.2f}, {row.high:.2f}]"
            bar = "#" * round(40 * row.recall)
            lines.append(f"{name}  {row.k:>4}/{row.n:<4} {row.recall:.2f} {span} {bar}".rstrip())
    return lines


def _confusion_lines(scores: Scores) -> list[str]:
    longest = max(map(len, scores.labels)) + 1
    names = max(12, min(NAME_WIDTH, longest))
    widest = max(len(str(count)) for row in scores.confusion for count in row)
    cell = max(widest + 1, min(max(9, longest), (WIDTH - names) // len(scores.labels)))
    header = "".join(f"{label[: cell - 1]:>{cell}}" for label in scores.labels)
    rows = [
        f"{label[: names - 1]:<{names}}" + "".join(f"{count:>{cell}}" for count in row)
        for label, row in zip(scores.labels, scores.confusion, strict=True)
    ]
    return ["confusion (rows: truth, columns: answer)", " " * names + header, *rows]


def _group_lines(title: str, rows: Sequence[GroupScore]) -> list[str]:
    if not rows:
        return []
    lines = [f"{title:<{NAME_WIDTH}}  clips    UAR  accuracy"]
    for row in rows[:WORST_SHOWN]:
        name = f"{row.name[:NAME_WIDTH]:<{NAME_WIDTH}}"
        lines.append(f"{name}  {row.n:>5}  {row.uar:.3f}     {row.accuracy:.3f}")
    hidden = len(rows) - WORST_SHOWN
    return lines + ([f"... {hidden} more"] if hidden > 0 else [])
