"""Sections about emotions: confusion, recall, groups, calibration."""

from collections.abc import Sequence

from speechsent.evaluation.calibration import ConfidenceBin, reliability
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.rows import GroupScore, group_rows
from speechsent.evaluation.scores import Scores
from speechsent.report.bars import Bar, bar_table
from speechsent.report.html import Html, joined, scrolling, section, tag
from speechsent.report.material import Material
from speechsent.report.plots import Axis, Series, plot

IDEAL = Series(name="confidence is accuracy", x=(0, 1), y=(0, 1), style="ideal")


def emotion_sections(material: Material, scores: Scores, predictions: Predictions) -> list[Html]:
    """All sections of a run that tells emotions."""
    sentences = [u.sentence for u in material.utterances]
    intensities = [u.intensity for u in material.utterances]
    return [
        section("Confusion", _confusion(scores)),
        section("Recall per class", _recalls(scores)),
        section("Speakers", _groups("Speakers, worst first", "speaker", scores.per_speaker)),
        section(
            "Groups",
            _groups("Genders", "gender", scores.per_gender),
            _groups("Sentences, worst first", "sentence",
                    _worst_first(group_rows(predictions, sentences))),
            _groups("Intensities, worst first", "intensity",
                    _worst_first(group_rows(predictions, intensities))),
        ),
        section("Calibration", _calibration(material, scores, predictions)),
    ]  # fmt: skip


def _confusion(scores: Scores) -> Html:
    """A row for each true class, shaded by the share of its clips."""
    head = tag("tr", tag("th", "true ↓ told →", scope="col"),
               *(tag("th", label, scope="col") for label in scores.labels))  # fmt: skip
    rows = []
    for i, (label, counts) in enumerate(zip(scores.labels, scores.confusion, strict=True)):
        total = max(1, sum(counts))
        cells = [
            tag(
                "td",
                str(count),
                class_="hit" if i == j else "miss",
                style=f"--share:{count / total:.3f}",
            )
            for j, count in enumerate(counts)
        ]
        rows.append(tag("tr", tag("th", label, scope="row"), *cells))
    caption = "Clips of each true class (rows) by what was told (columns); darker is a larger share"
    body = joined(tag("thead", head), tag("tbody", *rows))
    return scrolling(caption, body, class_="confusion")


def _recalls(scores: Scores) -> Html:
    bars = [
        Bar(
            name=label,
            value=row.recall,
            told="no clips"
            if row.recall is None
            else f"{row.recall:.2f} [{row.low:.2f}, {row.high:.2f}]",
            low=row.low,
            high=row.high,
            also=(f"{row.k} of {row.n}",),
        )
        for label, row in scores.recall.items()
    ]
    caption = "Recall of each class with its 95 % Wilson interval; the mark is chance"
    return bar_table(caption, ("class", "recall", "recognised"), bars, mark=scores.chance_uar)


def _groups(caption: str, what: str, rows: Sequence[GroupScore]) -> Html:
    if not rows:
        return Html()
    bars = [
        Bar(
            name=row.name,
            value=row.uar,
            told=f"{row.uar:.2f}",
            also=(f"{row.accuracy:.2f}", str(row.n)),
        )
        for row in rows
    ]
    return bar_table(caption, (what, "UAR", "accuracy", "clips"), bars)


def _worst_first(rows: Sequence[GroupScore]) -> list[GroupScore]:
    return sorted(rows, key=lambda row: row.uar)


def _calibration(material: Material, scores: Scores, predictions: Predictions) -> Html:
    before = reliability(predictions.probabilities, predictions.truth)
    series = [IDEAL, _bins("as it answers", before, "first")]
    told = "Share recognised against the confidence of the answer."
    calibration = material.calibration
    if calibration is not None:
        after = reliability(calibration(predictions.probabilities), predictions.truth)
        series.append(_bins("with temperature", after, "second"))
    unit = {"low": 0.0, "high": 1.0}
    picture = plot(
        "Reliability", told, series, Axis(name="confidence", **unit), Axis(name="accuracy", **unit)
    )
    if scores.calibration is None:
        return picture
    judged = scores.calibration
    line = tag(
        "p",
        f"Temperature {judged.temperature:.2f}, fitted on {judged.n_validation} validation clips: "
        f"expected calibration error {judged.ece_before:.3f} before, {judged.ece_after:.3f} "
        "after. Below the dashed line the network is too sure of itself.",
    )
    return joined(line, picture)


def _bins(name: str, bins: Sequence[ConfidenceBin], style: str) -> Series:
    return Series(
        name=name, x=[b.confidence for b in bins], y=[b.accuracy for b in bins], style=style
    )
