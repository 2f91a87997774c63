"""Scores as a table for people, to read in a terminal or a log file."""

import textwrap
from collections.abc import Sequence

from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.scores import GroupScore, Scores

WIDTH = 100
NAME_WIDTH = 24
WORST_SHOWN = 10


def table(scores: Scores) -> str:
    """Lay the scores out for people: plain ASCII but for names, at most 100 columns."""
    blocks = [
        _headline(scores),
        _totals(scores),
        _recall_lines(scores),
        _confusion_lines(scores),
        _group_lines("gender", scores.per_gender),
        _group_lines("speaker, worst first", scores.per_speaker),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _headline(scores: Scores) -> list[str]:
    seen = {
        True: "speakers unseen in training",
        False: "SPEAKERS OVERLAP with training",
        None: "speakers unknown",
    }[scores.speaker_disjoint]
    trained = "" if scores.n_train is None else f", trained on {scores.n_train}"
    split = "" if scores.split_hash is None else f", split {scores.split_hash[:12]}"
    lines = [
        f"protocol {scores.protocol}{_fold(scores)}, {scores.part}: {seen}",
        f"{scores.n} clips{trained}, seed {scores.seed}{split}",
        *([f"note: {scores.note}"] if scores.note else []),
    ]
    return [part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ")]


def _fold(scores: Scores) -> str:
    """Fold and definition of a named protocol."""
    if not scores.protocol_hash:
        return ""
    definition = f"definition {scores.protocol_hash}"
    if scores.n_folds == 1:
        return f" ({definition})"
    return f", {scores.fold} (one of {scores.n_folds} folds, {definition})"


def _totals(scores: Scores) -> list[str]:
    lines = [
        f"UAR (UA, balanced accuracy) {scores.uar:.3f} {_span(scores.uar_interval)}",
        f"accuracy (WA) {scores.k}/{scores.n} = {scores.accuracy:.3f} "
        f"{_span(scores.accuracy_interval)}",
        f"macro-F1 {scores.macro_f1:.3f}",
        f"chance: UAR {scores.chance_uar:.3f}",
    ]
    if scores.majority is not None:
        always = scores.majority
        lines.append(
            f"always '{always.answer}' (majority in training): "
            f"accuracy {always.accuracy:.3f}, UAR {always.uar:.3f}"
        )
    return lines


def _span(interval: Interval) -> str:
    return (
        f"[{interval.low:.2f}, {interval.high:.2f}] ({interval.confidence:.0%}, {interval.method})"
    )


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
    names = 12
    widest = max(len(str(count)) for row in scores.confusion for count in row)
    cell = max(widest + 1, min(9, (WIDTH - names) // len(scores.labels)))
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
