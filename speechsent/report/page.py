"""The page: one file that needs nothing else."""

from functools import cache
from pathlib import Path

from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.regression import RegressionScores
from speechsent.report.clips import clip_section
from speechsent.report.emotions import emotion_sections
from speechsent.report.headline import top
from speechsent.report.html import Html, joined, tag, void
from speechsent.report.material import Material
from speechsent.report.numbers import number_sections
from speechsent.report.training import training_sections

STYLE = Path(__file__).parent / "style.css"
# Nothing is fetched, whatever a file name or label says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"


def page(material: Material) -> str:
    """The whole report as HTML."""
    body = joined(
        tag("a", "To the clips", href="#clips", class_="skip"),
        top(material),
        tag("main", *_judged(material), *training_sections(material), clip_section(material)),
        tag("footer", _foot(material)),
    )
    title = f"{material.scores.protocol}: speechsent report"
    head = tag(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=POLICY),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", _style()),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", body), lang="en") + "\n"


def _judged(material: Material) -> list[Html]:
    scores, predictions = material.scores, material.predictions
    if isinstance(scores, RegressionScores) and isinstance(predictions, NumericPredictions):
        return number_sections(scores, predictions)
    if isinstance(scores, RegressionScores) or isinstance(predictions, NumericPredictions):
        return []
    return emotion_sections(material, scores, predictions)


def _foot(material: Material) -> str:
    looks = len(material.run.tests_seen)
    return (
        f"Written by speechsent. Trained {material.run.facts['finished'][:16].replace('T', ' ')}"
        f" UTC. Looks at test clips with this model so far: {looks}. The figures are in "
        "scores.json, predictions.csv and history.csv beside this file."
    )


@cache
def _style() -> Html:
    return Html(STYLE.read_text(encoding="utf-8"))
