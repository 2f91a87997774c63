"""The table of a study for people (Markdown), papers (LaTeX) and programs (CSV)."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from speechsent.evaluation.comparison import p_value
from speechsent.evaluation.resampling import Unit
from speechsent.evaluation.scores import FEW_SPEAKERS
from speechsent.study.analysis import Row, Table

COLUMNS = (
    "protocol",
    "protocol_hash",
    "folds",
    "seeds",
    "system",
    "runs",
    "uar",
    "uar_sd_over_seeds",
    "uar_low",
    "uar_high",
    "accuracy",
    "difference",
    "difference_low",
    "difference_high",
    "p_uar_holm",
    "p_mcnemar_holm",
    "minutes_per_run",
    "failure",
)
CLIPS_DRAWN = (
    "Clips are drawn, not speakers, which are unknown or one alone: intervals and p are too small."
)
BAR = r"\|"
LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "|": r"\textbar{}",
        "%": r"\%",
        "_": r"\_",
        "&": r"\&",
        "#": r"\#",
        "±": r"$\pm$",
        "<": "$<$",
        ">": "$>$",
    }
)


def markdown(name: str, tables: Sequence[Table], failures: Mapping[str, str]) -> str:
    """One table for each protocol, with what a reader must know under it."""
    parts = [f"# Study {name}", *(_section(table) for table in tables)]
    if failures:
        rows = [line([run, why.replace("|", "/")]) for run, why in failures.items()]
        parts.append("\n".join(["## Runs that failed", "", "| run | why |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _section(table: Table) -> str:
    header = [
        "system",
        "UAR ± sd over seeds",
        f"95 % {by_unit(table)}",
        "accuracy",
        f"UAR less that of {table.reference} [95 %]",
        "p (UAR)",
        "p (accuracy)",
        "runs",
        "min a run",
    ]
    rows = [_cells(row) for row in table.rows]
    lines = [line(cells) for cells in (header, ["---"] * len(header), *rows)]
    return "\n".join([f"## {headline(table)}", "", *lines, "", explanation(table)])


def line(cells: Iterable[str]) -> str:
    """A line of a Markdown table; what would end a cell is escaped."""
    return f"| {' | '.join(' '.join(cell.split()).replace('|', BAR) for cell in cells)} |"


def headline(table: Table) -> str:
    """Protocol, fingerprint, folds, seeds, clips."""
    told = f" ({table.protocol_hash})" if table.protocol_hash else ""
    return (
        f"{table.protocol}{told}: folds {_list(table.folds)}, seeds {_list(table.seeds)}, "
        f"{table.n_clips} test clips, {table.n_speakers} known speakers"
    )


def explanation(table: Table) -> str:
    """How the figures came about."""
    drawn = unit(table)
    few = ""
    if drawn == "clips":
        few = f" {CLIPS_DRAWN}"
    elif table.n_speakers < FEW_SPEAKERS:
        few = f" Over so few speakers ({table.n_speakers}) intervals and p are too small."
    return (
        f"UAR (unweighted average recall; chance {100 * table.chance:.1f}) and accuracy in "
        "percent, over the test clips of all folds; mean and standard deviation over seeds, "
        "never the best. "
        f"Intervals and p (UAR) from a bootstrap that draws {drawn}, both systems on the same "
        "clips; p (accuracy) from McNemar's exact test, over several seeds twice the median. "
        f"Both adjusted by Holm for the {len(table.rows) - 1} comparisons.{few}"
    )


def unit(table: Table) -> Unit:
    """What was drawn for the intervals; all rows of a table have the same clips."""
    return table.rows[0].uar_interval.unit


def by_unit(table: Table) -> str:
    """The same as columns and axes name it."""
    return f"by {unit(table).removesuffix('s')}"


def _cells(row: Row) -> list[str]:
    minutes = "" if row.minutes is None else f"{row.minutes:.1f}"
    found = row.comparison
    against = ["", "", ""]
    if found is not None:
        low, high = found.uar.interval.low, found.uar.interval.high
        against = [
            f"{100 * found.uar.difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]",
            p_value(found.p_uar),
            p_value(found.p_accuracy),
        ]
    return [
        row.system,
        with_sd(row.uar.mean, row.uar.sd),
        f"{100 * row.uar_interval.low:.1f} to {100 * row.uar_interval.high:.1f}",
        with_sd(row.accuracy.mean, row.accuracy.sd),
        *against,
        str(row.n_runs),
        minutes,
    ]


def with_sd(mean: float, sd: float | None) -> str:
    """A mean over seeds in percent, with the standard deviation if there were several."""
    return f"{100 * mean:.1f}" if sd is None else f"{100 * mean:.1f} ± {100 * sd:.1f}"


def latex(tables: Sequence[Table]) -> str:
    """Tables for a paper; needs the package booktabs."""
    return "\n".join(_latex(table) for table in tables)


def _latex(table: Table) -> str:
    rows = [" & ".join(map(_escaped, _cells(row)[:6])) + r" \\" for row in table.rows]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{_escaped(headline(table))}. {_escaped(explanation(table))}}}",
            r"\begin{tabular}{lrrrrr}",
            r"\toprule",
            rf"system & UAR & 95 \% & accuracy & against {_escaped(table.reference)} & $p$ \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _escaped(text: str) -> str:
    return text.translate(LATEX)  # in one go, so that what is written is not escaped again


def as_csv(tables: Sequence[Table], failures: Mapping[str, str]) -> str:
    """Every figure unrounded, a line for each system; failed runs have a line that says why."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for table in tables:
        for row in table.rows:
            writer.writerow(_record(table, row))
    for run, why in failures.items():
        writer.writerow({"system": run, "failure": why})
    return stream.getvalue()


def _record(table: Table, row: Row) -> dict[str, object]:
    found = row.comparison
    against = (
        {}
        if found is None
        else {
            "difference": found.uar.difference,
            "difference_low": found.uar.interval.low,
            "difference_high": found.uar.interval.high,
            "p_uar_holm": found.p_uar,
            "p_mcnemar_holm": found.p_accuracy,
        }
    )
    return {
        "protocol": table.protocol,
        "protocol_hash": table.protocol_hash,
        "folds": _list(table.folds),
        "seeds": _list(table.seeds),
        "system": row.system,
        "runs": row.n_runs,
        "uar": row.uar.mean,
        "uar_sd_over_seeds": "" if row.uar.sd is None else row.uar.sd,
        "uar_low": row.uar_interval.low,
        "uar_high": row.uar_interval.high,
        "accuracy": row.accuracy.mean,
        "minutes_per_run": "" if row.minutes is None else row.minutes,
        **against,
    }


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
