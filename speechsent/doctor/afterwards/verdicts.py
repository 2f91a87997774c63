"""What the scores of a run say against it: chance, its branches, the linear model, its surety."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from speechsent.doctor.afterwards.record import Record
from speechsent.doctor.findings import Finding

BRANCHES = ("cnn", "lstm")
NO_CONCORDANCE = 0.1
PROMISED = 0.2  # or two deviations of luck, where parts are small
OFF = 0.15
SURER = 0.1


def stage_verdicts(record: Record) -> Iterator[Finding]:
    """Each stage against chance, and the whole against its branches."""
    scores = {
        str(stage.get("stage", i)): _validated(stage) for i, stage in enumerate(record.stages)
    }
    known = {name: score for name, score in scores.items() if score is not None}
    for name, score in known.items():
        yield from at_chance(name, score, record)
    branches = {name: known[name] for name in BRANCHES if name in known}
    fusions = [name for name in known if name not in BRANCHES]
    if len(branches) > 1 and fusions:
        yield from fusion_not_better(fusions[-1], known[fusions[-1]], branches)


def _validated(stage: Mapping[str, Any]) -> float | None:
    """Validation score of the epoch that was kept: UAR, or CCC."""
    best = stage.get("best", {})
    return next((float(best[n]) for n in ("val_uar", "val_ccc") if n in best), None)


def at_chance(stage: str, score: float, record: Record) -> Iterator[Finding]:
    """A stage whose validation score could be luck."""
    n = sum(row.get("part") == "validation" for row in record.clips)
    limit = _luck(record.n_classes, n)
    if score <= limit:
        yield Finding(
            name="stage-at-chance",
            severity="warning",
            at=f"stage '{stage}'",
            seen=f"{score:.3g} on {n} validation clips, in its best epoch",
            expected=f"more than {limit:.3g}",
            why="guessing gets as far, so it has learnt nothing that holds for other speakers",
            remedy="see its curves in history.csv; learn 12 clips by heart first "
            "(speechsent doctor --overfit), then more epochs or more speakers",
        )


def _luck(n_classes: int | None, n: int) -> float:
    """What guessing reaches in one of twenty cases; a bound for CCC, which has no chance level."""
    if n_classes is None:
        return NO_CONCORDANCE
    chance = 1 / n_classes
    return chance + 1.64 * math.sqrt(chance * (1 - chance) / max(n, 1))


def fusion_not_better(
    fusion: str, score: float, branches: Mapping[str, float]
) -> Iterator[Finding]:
    """A fusion that a branch of its own does as well as."""
    best = max(branches, key=lambda name: branches[name])
    if score <= branches[best]:
        yield Finding(
            name="fusion-not-better",
            severity="warning",
            at=f"stage '{fusion}'",
            seen=f"{score:.3g} on validation clips, its branch '{best}' alone {branches[best]:.3g}",
            expected="more than either branch",
            why="the other branch costs time and adds nothing",
            remedy=f"--fusion {best}; or train the weaker branch longer; 'speechsent runs compare' "
            "tells whether the difference is more than luck",
        )


def score_verdicts(record: Record) -> Iterator[Finding]:
    """The test scores, where there are any."""
    if not record.scores:
        return
    yield from few_answers(record.scores)
    yield from less_than_promised(record)
    yield from no_better_than_linear(record.scores)
    yield from too_sure(record)


def few_answers(scores: Mapping[str, Any]) -> Iterator[Finding]:
    """A network that tells less than half of the classes."""
    confusion = np.array(scores.get("confusion", np.empty((0, 0))))
    labels = scores.get("labels", [])
    told = [name for name, n in zip(labels, confusion.sum(axis=0), strict=False) if n]
    if confusion.size and len(told) < max(2, len(labels) / 2):
        yield Finding(
            name="classes-never-predicted",
            severity="error",
            at="test answers",
            seen=f"{len(told)} of {len(labels)} classes are ever told: {', '.join(told)}",
            expected=f"{max(2, math.ceil(len(labels) / 2))} or more",
            why="the network has collapsed to a few answers, and its accuracy is their share",
            remedy="see its curves in history.csv; standardised inputs, a smaller learning rate, "
            "class weights",
        )


def less_than_promised(record: Record) -> Iterator[Finding]:
    """A validation score that the test does not bear out."""
    name = "uar" if "uar" in record.scores else "ccc"
    promised = record.facts.get(f"validation_{name}")
    reached = record.scores.get(name)
    if not isinstance(promised, float) or not isinstance(reached, float):
        return
    sizes = record.facts.get("n_clips", {})
    luck = math.sqrt(sum(0.25 / max(sizes.get(part, 1), 1) for part in ("validation", "test")))
    limit = max(PROMISED, 2 * luck)
    if promised - reached > limit:
        yield Finding(
            name="validation-promised-more",
            severity="warning",
            at=f"{name.upper()}",
            seen=f"{promised:.3g} on validation clips, {reached:.3g} on test clips",
            expected=f"within {limit:.2g} of each other",
            why="the validation part was too small, was learnt from, or is of other recordings "
            "than the test",
            remedy="look for stage-leak and speakers-shared above; else more validation speakers, "
            "or folds (speechsent ablate)",
        )


def no_better_than_linear(scores: Mapping[str, Any]) -> Iterator[Finding]:
    """A network which a linear model on clip statistics does as well as."""
    linear = scores.get("linear") or {}
    name = "uar" if "uar" in linear else "ccc"
    low = (linear.get("interval") or {}).get("low")
    if low is None or low > 0:
        return
    worse = linear["difference"] <= 0
    yield Finding(
        name="linear-as-good",
        severity="warning" if worse else "note",
        at=name.upper(),
        seen=f"{scores[name]:.3g}, a linear model on clip statistics {linear[name]:.3g}; the "
        f"difference is {linear['difference']:+.2g}, and may be {round(low, 4) + 0.0:+.2g}",
        expected="a difference whose interval lies above 0",
        why="the network has found nothing that means and deviations do not tell"
        if worse
        else "with so few speakers nobody can tell whether the network is better",
        remedy="more epochs or speakers; else keep the linear model",
    )


def too_sure(record: Record) -> Iterator[Finding]:
    """Probabilities that promise more right answers than there are."""
    labels = record.scores.get("labels", [])
    error = (record.scores.get("calibration") or {}).get("ece_before")
    rows = record.predictions
    if not rows or error is None or error <= OFF:
        return
    sure = float(np.mean([max(float(row[label]) for label in labels) for row in rows]))
    right = float(np.mean([row["correct"] == "1" for row in rows]))
    if sure - right > SURER:
        yield Finding(
            name="over-confident",
            severity="warning",
            at="test probabilities",
            seen=f"mean confidence {sure:.2f}, {right:.2f} right, calibration error {error:.2f}",
            expected=f"a calibration error of at most {OFF:g}",
            why="a probability of .9 is then right far less often than nine times in ten",
            remedy="fit.label_smoothing=0.1, fewer epochs; 'speechsent predict' applies the "
            "temperature of calibration.json, answers below --reject-below are withheld",
        )
