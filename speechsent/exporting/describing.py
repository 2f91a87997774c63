"""The metadata of a run that is exported."""

from typing import Any

from speechsent.corpus.fetch import sources
from speechsent.environment import installed_version
from speechsent.evaluation.calibrated import Calibration
from speechsent.exporting.facts import NUMBERS, PROBABILITIES, ModelFacts
from speechsent.run import Run
from speechsent.run_records import SCORES, table_of


def describe(run: Run) -> ModelFacts:
    """What is known of a run; its score on the test part, or else on validation clips."""
    config = run.config
    calibration = Calibration.find(run.path)
    scores = _scores(run)
    return ModelFacts(
        labels=run.labels,
        answers=NUMBERS if run.scale else PROBABILITIES,
        sample_rate=config.audio.sample_rate,
        min_seconds=config.audio.min_seconds,
        max_seconds=config.audio.max_seconds,
        temperature=calibration.temperature if calibration else None,
        standardize=run.standardizer.scope,
        corpus=str(run.facts["corpus"]),
        licence=licence(str(run.facts["corpus"])),
        protocol=str(scores.get("protocol", run.facts["protocol"])),
        score=run.score,
        value=float(scores[run.score]),
        part=str(scores["part"]),
        note="; ".join(filter(None, (run.leaky, str(scores.get("note", ""))))),
        run=run.path.name,
        version=installed_version("speechsent") or "",
        window_seconds=config.view.seconds,
    )


def _scores(run: Run) -> dict[str, Any]:
    scores = table_of(run, SCORES)
    if scores is not None:
        return scores
    return {run.score: run.facts[f"validation_{run.score}"], "part": "validation"}


def licence(corpus: str) -> str:
    """Terms of a corpus, or of each of several that were pooled.

    Example:
        >>> licence("ravdess")
        'ravdess: CC BY-NC-SA 4.0'
    """
    return "; ".join(f"{name}: {_licence(name)}" for name in corpus.split("+"))


def _licence(name: str) -> str:
    if name == "builtin":
        return "synthetic voices made by speechsent"
    known = sources().get(name)
    return known.licence if known else "terms of this corpus are not known to speechsent"
