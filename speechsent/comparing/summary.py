"""Everything a run folder says about one run, in short."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent.comparing.settings import differing
from speechsent.config import ExperimentConfig
from speechsent.corpus.utterance import PARTS
from speechsent.errors import RunError
from speechsent.evaluation.calibrated import CALIBRATION
from speechsent.evaluation.regression import AnyScores
from speechsent.experiment import open_run
from speechsent.run import Run
from speechsent.run_records import audit_of, doctor_of, scores_of, table_of
from speechsent.training.listener import score_of


@dataclass(frozen=True, kw_only=True)
class PartSummary:
    """Clips and speakers of one part of the split; unknown speakers are not counted."""

    n_clips: int
    speakers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StageSummary:
    """One fit: its name, its best epoch, and the validation score it was chosen by."""

    stage: str
    best_epoch: int
    score: str
    validation_score: float


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One run in short.

    Args:
        path: Its folder.
        facts: What ``run.json`` says.
        settings: Keys of its configuration that differ from the defaults, with their values.
        parts: Clips and speakers of each part.
        stages: In the order they were run.
        scores: Scores of its test part; None if that was never scored.
        times_seen: How often each test set was scored with this model.
        audit: What ``audit.json`` says; None if there is none.
        calibration: What ``calibration.json`` says; None if there is none.
        doctor: What ``doctor.json`` says; None if there is none.
    """

    path: Path
    facts: dict[str, Any]
    settings: dict[str, Any]
    parts: dict[str, PartSummary]
    stages: tuple[StageSummary, ...]
    scores: AnyScores | None
    times_seen: dict[str, int]
    audit: dict[str, Any] | None
    calibration: dict[str, Any] | None
    doctor: dict[str, Any] | None


def summarize(run: Run | Path | str) -> RunSummary:
    """Read a run folder.

    Args:
        run: The run or its folder.

    Raises:
        RunError: If there is no such run, or one of its files is damaged.
    """
    run = open_run(run)
    changed = differing(run.config, ExperimentConfig())
    return RunSummary(
        path=run.path,
        facts=run.facts,
        settings={key: value for key, (value, _) in changed.items()},
        parts={part: _part(run, part) for part in PARTS},
        stages=_stages(run),
        scores=scores_of(run),
        times_seen=dict(Counter(look["what"] for look in run.tests_seen)),
        audit=audit_of(run),
        calibration=table_of(run, CALIBRATION),
        doctor=doctor_of(run),
    )


def _part(run: Run, part: Any) -> PartSummary:
    return PartSummary(
        n_clips=len(run.split.of(part)),
        speakers=tuple(sorted(str(name) for name in run.split.speakers(part) - {None})),
    )


def _stages(run: Run) -> tuple[StageSummary, ...]:
    try:
        return tuple(
            StageSummary(
                stage=stage["stage"],
                best_epoch=stage["best_epoch"],
                score=score_of(stage["best"]),
                validation_score=stage["best"][f"val_{score_of(stage['best'])}"],
            )
            for stage in run.read_json("stages.json")
            if stage.get("validated_on") != []  # trained once more on all clips
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{run.path / 'stages.json'}: not the stages of a training") from error
