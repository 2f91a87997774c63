"""Sections about how the network came to be: curves, branches, what the doctor and audit say."""

from collections.abc import Mapping, Sequence
from typing import Any

from speechsent.errors import some
from speechsent.evaluation.regression import RegressionScores
from speechsent.report.bars import Bar, bar_table
from speechsent.report.html import Html, joined, section, table, tag
from speechsent.report.material import Material
from speechsent.report.plots import Axis, Series, plot

BRANCHES = {
    "cnn": "CNN (spectrogram)",
    "lstm": "LSTM (sequence)",
    "functionals": "functionals (spectrogram)",
}


def training_sections(material: Material) -> list[Html]:
    """Sections that every kind of run has."""
    return [
        section("Branches", _branches(material)),
        section("Learning curves", *map(_curves, *_stages(material))),
        section("Doctor", _doctor(material.doctor)),
        section("Audit", _audit(material.audit)),
    ]


def _branches(material: Material) -> Html:
    if not material.contributions:
        return Html()
    name = "CCC" if isinstance(material.scores, RegressionScores) else "UAR"
    bars = [
        Bar(
            name=BRANCHES[row.branch],
            value=row.score,
            told=f"{row.score:.3f}",
            also=(f"{-row.lost:+z.3f}",),
        )
        for row in material.contributions
    ]
    head = ("held branch", f"{name} without it", "change")
    return joined(
        tag(
            "p",
            "What one branch says of a clip is replaced by its mean over training clips, and the "
            f"same clips are scored again. {name} with all: {_main(material):.3f}.",
        ),
        bar_table("What is left without one branch", head, bars),
    )


def _main(material: Material) -> float:
    scores = material.scores
    return scores.ccc if isinstance(scores, RegressionScores) else scores.uar


def _stages(material: Material) -> tuple[list[str], list[list[dict[str, str]]]]:
    """Those that were trained step by step; what is solved at once has no curve."""
    history = {stage: rows for stage, rows in material.history.items() if rows[0].get("objective")}
    return list(history), list(history.values())


def _curves(stage: str, rows: Sequence[Mapping[str, str]]) -> Html:
    """Loss and score of one stage; the line tells which epoch was kept."""
    score = "ccc" if "val_ccc" in rows[0] else "uar"
    validated = bool(rows[0][f"val_{score}"])
    kept = next((row["epoch"] for row in rows if row["kept"] == "1"), "none")
    pictures = [
        _curve(stage, rows, column, name)
        for column, name in ((score, score.upper()), ("loss", "loss"))
    ]
    why = f"chosen by validation {score.upper()}" if validated else "as was chosen before"
    told = tag("p", f"Epoch {kept} was kept, {why}.")
    return joined(tag("h3", f"Stage {stage}"), told, tag("div", *pictures, class_="pair"))


def _curve(stage: str, rows: Sequence[Mapping[str, str]], column: str, name: str) -> Html:
    epochs = [float(row["epoch"]) for row in rows]
    values = {
        name: [float(row[key]) for row in rows]
        for name, key in (("training", column), ("validation", f"val_{column}"))
        if rows[0][key]  # after the choice there is no validation
    }
    series = [
        Series(name=name, x=epochs, y=y, style=style)
        for (name, y), style in zip(values.items(), ("first", "second"), strict=False)
    ]
    last = ", ".join(f"{y[-1]:.2f} in {name}" for name, y in values.items())
    return plot(
        f"{name} in stage {stage}",
        f"At the last of {len(rows)} epochs: {last}.",
        series,
        Axis.around("epoch", epochs),
        Axis.around(name, [0.0, 0.0 if column == "loss" else 1.0], *values.values()),
    )


def _doctor(findings: Sequence[Mapping[str, Any]] | None) -> Html:
    if findings is None:
        return tag("p", "The doctor was not asked when this run was trained.")
    if not findings:
        return tag("p", "Nothing was found before or during the training.")
    return joined(*map(_finding, findings))


def _finding(finding: Mapping[str, Any]) -> Html:
    keys = ("seen", "expected", "why", "remedy", "where")
    told = [
        joined(tag("dt", key), tag("dd", str(finding[key]))) for key in keys if finding.get(key)
    ]
    place = ", ".join(filter(None, (str(finding.get(k, "")) for k in ("stage", "at", "when"))))
    severity = str(finding.get("severity", ""))
    return tag(
        "article",
        tag("h3", tag("span", severity, class_="severity"), f" {finding.get('name', '')}"),
        tag("p", place),
        tag("dl", *told),
        class_=f"finding {severity if severity in ('error', 'warning') else 'note'}",
    )


def _audit(audit: Mapping[str, Any] | None) -> Html:
    if audit is None:
        return tag("p", "This run has no audit.")
    clean = audit.get("clean")
    verdict = "No leak between training and these clips." if clean else "LEAKS were found."
    rows = [
        (
            str(f.get("name", "")),
            str(f.get("severity", "")),
            f"{f.get('count', '')} of {f.get('total', '')}",
            str(f.get("message", "")),
            some([str(example) for example in f.get("examples", ())]),
        )
        for f in audit.get("findings", [])
    ]
    checked = tag("p", f"{verdict} Checked: {', '.join(map(str, audit.get('checked', [])))}.")
    head = ("finding", "severity", "concerned", "what", "examples")
    return joined(checked, *([table("What the audit found", head, rows)] if rows else []))
