"""The top of a report: the score with its protocol, what must be known of it, what is beside it."""

from collections.abc import Iterator

from speechsent.evaluation.headline import headline
from speechsent.evaluation.intervals import Interval
from speechsent.evaluation.regression import AnyScores, RegressionScores
from speechsent.evaluation.scores import Scores
from speechsent.features.standardize import BY_SPEAKER
from speechsent.report.html import Html, joined, tag
from speechsent.report.material import Material


def top(material: Material) -> Html:
    """Name of the run, warnings, and the figures that count."""
    scores, run = material.scores, material.run
    lines = [line for line in headline(scores) if not line.startswith(("note:", "  "))]
    return tag(
        "header",
        tag("p", f"speechsent report · run {run.path.name}", class_="eyebrow"),
        tag("h1", f"{run.facts['corpus']}, {run.facts['mode']}: {scores.protocol}"),
        *(tag("p", line) for line in lines),
        *_warnings(material),
        tag("div", *_tiles(scores), class_="tiles"),
    )


def warnings(material: Material) -> Iterator[str]:
    """What a reader must know before believing the score."""
    scores, run = material.scores, material.run
    if run.leaky:
        yield f"LEAKY on purpose: {run.leaky}"
    if scores.speaker_disjoint is False:
        yield "SPEAKERS OVERLAP: some of these voices were trained on. The score is too high."
    if scores.speaker_disjoint is None:
        yield "Speakers are unknown, so voices may have been trained on."
    if BY_SPEAKER in scores.protocol:
        yield (
            "+spk: each test speaker was standardised on their own unlabelled clips, which a "
            "stranger's single clip cannot offer."
        )
    if run.facts["corpus"] == "builtin":
        yield "The built-in voices are synthetic: a demonstration, never a result."
    if scores.note:
        yield f"{scores.note[0].upper()}{scores.note[1:]}."


def _warnings(material: Material) -> list[Html]:
    told = list(warnings(material))
    if not told:
        return []
    items = tag("ul", *(tag("li", line) for line in told))
    return [tag("div", tag("strong", "Before you believe it"), items, class_="caution")]


def _tiles(scores: AnyScores) -> list[Html]:
    if isinstance(scores, RegressionScores):
        return [
            _tile("mean CCC", scores.ccc, scores.ccc_interval),
            *(
                _tile(f"CCC of {name}", target.ccc, target.ccc_interval)
                for name, target in scores.targets.items()
            ),
            *_linear_numbers(scores),
        ]
    return [
        _tile("UAR", scores.uar, scores.uar_interval),
        _tile("Accuracy", scores.accuracy, scores.accuracy_interval),
        *_linear(scores),
        _tile("Chance UAR", scores.chance_uar, None),
    ]


def _linear(scores: Scores) -> list[Html]:
    linear = scores.linear
    if linear is None:
        return []
    verdict = "The net beats it" if linear.beaten else "The net does not beat it"
    spans = f"[{linear.interval.low:+z.2f}, {linear.interval.high:+z.2f}]"
    p = linear.told_p.replace(" ", "\N{NO-BREAK SPACE}")
    told = f"{verdict}: {linear.difference:+z.2f} {spans}, {p}"
    if scores.linear_remark:
        told += f"; {scores.linear_remark}"
    return [_tile("Linear baseline, UAR", linear.uar, None, told)]


def _linear_numbers(scores: RegressionScores) -> list[Html]:
    found = [target.linear_ccc for target in scores.targets.values()]
    told = [ccc for ccc in found if ccc is not None]
    return [_tile("Linear baseline, mean CCC", sum(told) / len(told), None)] if told else []


def _tile(name: str, value: float, interval: Interval | None, also: str = "") -> Html:
    span = ""
    if interval is not None:
        share = f"{100 * interval.confidence:.0f} %"
        span = f"[{interval.low:.2f}, {interval.high:.2f}] {share}, {interval.method}"
    return tag(
        "div",
        tag("span", name, class_="name"),
        tag("span", f"{value:.3f}", class_="figure"),
        joined(*(tag("span", text, class_="also") for text in (span, also) if text)),
        class_="tile",
    )
