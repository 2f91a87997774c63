"""Runs as text for people: a list, one run, two runs, a run and its repetition."""

from collections.abc import Iterable
from typing import Any

from speechsent.comparing.listing import ListedRun, Listing
from speechsent.comparing.pairing import RunComparison, Side
from speechsent.comparing.reproduction import Reproduction
from speechsent.comparing.summary import RunSummary
from speechsent.comparing.system import protocol_name
from speechsent.evaluation.comparison import told_p
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.table import table
from speechsent.training.listener import SCORES


def listing_table(listing: Listing) -> str:
    """A block for each protocol and a row for each run, newest last."""
    blocks = [
        "\n".join([f"protocol {protocol_name(name, definition)}", *_rows(runs)])
        for (name, definition), runs in listing.by_protocol.items()
    ]
    counts = [f"finished runs in {listing.root}: {len(listing.runs)}"]
    if listing.n_unfinished:
        counts.append(f"unfinished: {listing.n_unfinished}")
    unreadable = [f"cannot be read: {problem}" for problem in listing.unreadable]
    cut = [f"unfinished, go on with: speechsent train --resume {p}" for p in listing.resumable]
    return "\n\n".join([*blocks, "\n".join([*unreadable, *cut, ", ".join(counts)])])


def _rows(runs: Iterable[ListedRun]) -> list[str]:
    cells = [
        (
            str(run.path),
            run.corpus,
            run.mode,
            run.fold,
            f"split {run.split_hash}",
            _score(run),
            f"seed {run.seed}",
            run.finished[:16].replace("T", " "),
        )
        for run in runs
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  " + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True) if w).rstrip()
        for row in cells
    ]


def _score(run: ListedRun) -> str:
    if run.interval is None:
        return f"validation {SCORES[run.score]} {run.value:.3f} (chosen on it)"
    mark = "LEAKY " if run.leaky else ""
    span = f"[{run.interval.low:.2f}, {run.interval.high:.2f}]"
    return f"{mark}{run.part} {SCORES[run.score]} {run.value:.3f} {span}"


def summary_table(summary: RunSummary) -> str:
    """Everything about one run."""
    facts = summary.facts
    blocks = [
        [
            f"run {summary.path}",
            f"trained on {facts['corpus']} ({facts['root']}), finished {facts['finished'][:16]}",
        ],
        ["settings that differ from the defaults", *_settings(summary.settings)],
        [f"split {facts['split_hash']}", *_parts(summary)],
        ["stages", *_stages(summary)],
        _scores(summary),
        _looks(summary),
        _audit(summary),
        _doctor(summary),
        _calibration(summary),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _settings(settings: dict[str, Any]) -> list[str]:
    return [f"  {key}: {_plain(value)}" for key, value in settings.items()] or ["  none"]


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in ("", None) else str(value)


def _parts(summary: RunSummary) -> list[str]:
    return [
        f"  {name:<10}  {part.n_clips} clips of {len(part.speakers)} known speakers"
        + (f": {', '.join(part.speakers)}" if part.speakers else "")
        for name, part in summary.parts.items()
    ]


def _stages(summary: RunSummary) -> list[str]:
    return [
        f"  {stage.stage}: best epoch {stage.best_epoch}, validation "
        f"{SCORES[stage.score]} {stage.validation_score:.3f} (chosen on it)"
        for stage in summary.stages
    ]


def _scores(summary: RunSummary) -> list[str]:
    if summary.scores is None:
        return ["the test part was never scored"]
    return [table(summary.scores)]


def _looks(summary: RunSummary) -> list[str]:
    looks = [f"  {what}: {n}" for what, n in summary.times_seen.items()]
    return ["test sets scored with this model", *(looks or ["  none"])]


def _doctor(summary: RunSummary) -> list[str]:
    """What the doctor found, but for notes."""
    if summary.doctor is None:
        return []
    rows = [
        f"  {finding['severity']} {finding['name']}: {stage['stage']}"
        for stage in summary.doctor["stages"]
        for finding in [*stage["before"], *stage["during"]]
        if finding["severity"] != "note"
    ]
    forced = summary.doctor.get("forced", False)
    return [f"doctor: {'forced' if forced else f'{len(rows)} findings'}", *rows]


def _audit(summary: RunSummary) -> list[str]:
    if summary.audit is None:
        return []
    rows = [
        f"  {f['severity']} {f['name']}: {f['message']}" for f in summary.audit.get("findings", ())
    ]
    return [f"audit: {'no leak' if summary.audit['clean'] else 'LEAKING'}", *rows]


def _calibration(summary: RunSummary) -> list[str]:
    if summary.calibration is None:
        return []
    return ["calibration", *(f"  {key}: {value}" for key, value in summary.calibration.items())]


def comparison_table(found: RunComparison) -> str:
    """Both systems, and the difference of their scores."""
    speakers = f" of {found.n_speakers} known speakers" if found.n_speakers else ""
    lines = [
        f"protocol {found.protocol}: {found.n_clips} test clips{speakers}",
        *_side("first", found.first),
        *_side("second", found.second),
        *(f"differ in {key}: {_plain(a)} | {_plain(b)}" for key, (a, b) in found.settings.items()),
        "",
        f"{'':<10}{'first':>7}{'second':>8}  first less second",
        f"{'UAR':<10}{found.first.uar:>7.3f}{found.second.uar:>8.3f}  "
        f"{found.uar.difference:+z.3f} {_span(found.uar.interval)}, {told_p(found.uar.p)}",
        f"{'accuracy':<10}{found.first.accuracy:>7.3f}{found.second.accuracy:>8.3f}  "
        f"{found.first.accuracy - found.second.accuracy:+z.3f}{_mcnemar(found)}",
        *(f"note: {note}" for note in found.notes),
    ]
    return "\n".join(lines)


def _side(name: str, side: Side) -> list[str]:
    if len(side.runs) == 1:
        return [f"{name:<7} {side.runs[0]}, seed {side.seeds[0]}"]
    rows = zip(side.runs, side.seeds, side.uars, strict=True)
    return [
        f"{name:<7} mean over {len(side.runs)} seeds",
        *(f"        {run}, seed {seed}: UAR {uar:.3f}" for run, seed, uar in rows),
    ]


def _span(interval: Interval) -> str:
    ends = f"[{interval.low:+z.3f}, {interval.high:+z.3f}]"
    return f"{ends} ({interval.confidence:.0%}, {interval.method})"


def _mcnemar(found: RunComparison) -> str:
    test = found.accuracy
    if test is None:
        return " (McNemar's test is for one run a side)"
    counts = f"only first right {test.n_only_first}, only second right {test.n_only_second}"
    return f" (McNemar: {counts}), {told_p(test.p)}"


def reproduction_table(found: Reproduction) -> str:
    """The verdict, the first difference of each file, and what has changed around them."""
    differing = {difference.file: difference for difference in found.differences}
    rows = [
        f"  {name}: {differing[name].place}: {differing[name].told}"
        if name in differing
        else f"  {name}: the same"
        for name in found.compared
    ]
    changed = "changed since" if found.match else "changed since, and a likely cause"
    return "\n".join(
        [
            f"{'match' if found.match else 'no match'}: {found.run}, trained again",
            *rows,
            *(f"{changed}: {line}" for line in found.environment),
            *([f"new run {found.kept}"] if found.kept else []),
        ]
    )
