"""What a training leaves in its run folder beside the network: history, stages and facts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from speechsent.config import ExperimentConfig
from speechsent.corpus.utterance import PARTS
from speechsent.evaluation.figures import history_figure
from speechsent.experiment.job import Job
from speechsent.experiment.leaks import with_leaks
from speechsent.preparation import Prepared
from speechsent.run import FORMAT, SEALED, STATISTICS, Run, now
from speechsent.seal import sealed
from speechsent.training.stages import Stage, Trained

SOLVED_AGAIN = "functionals solved once more from training and validation clips"
REFIT = "fitted once more to training and validation clips, to the epochs chosen before"
HISTORY_COLUMNS = ("stage", "epoch", "objective", "loss", "{}", "val_loss", "val_{}", "kept")


def write_results(
    job: Job, run: Run, trained: Trained, resumed: Sequence[Mapping[str, Any]]
) -> None:
    """Write everything but the model and the scores of the test part; the facts seal the rest."""
    with run.writing(STATISTICS) as path:
        job.prepared.standardizer.save(path)
    rows = [
        {**row, "stage": stage.history.stage, "kept": int(row["epoch"] == stage.history.best_epoch)}
        for stage in trained.stages
        for row in stage.history.rows
    ]
    run.write_rows("history.csv", [name.format(trained.score) for name in HISTORY_COLUMNS], rows)
    before = job.origin.stages() if job.origin else []
    run.write_json("stages.json", [*before, *map(_stage_facts, trained.stages)])
    for stage in trained.stages:
        if "objective" in stage.history.best:  # what is solved at once has no curve
            _draw_history(run, stage)
    started = {"started_from": job.origin.facts()} if job.origin else {}
    gone_on = {"resumed": list(resumed)} if resumed else {}
    again = {"refit": True} if job.refit else {}
    solved = SOLVED_AGAIN if job.functionals_refit else ""
    note = with_leaks(job.prepared.split.note, job.audit)
    note = "; ".join(filter(None, [note, REFIT if job.refit else solved]))
    facts = _facts(job.prepared, trained, job.config, note)
    facts |= {"n_devices": job.options.n_devices} | started | gone_on | again
    run.write_json("run.json", sealed(run.path, SEALED, facts))


def _stage_facts(stage: Stage) -> dict[str, Any]:
    return {
        "stage": stage.history.stage,
        "best_epoch": stage.history.best_epoch,
        "best": dict(stage.history.best),
        "fitted_on": sorted(stage.fitted_on),
        "validated_on": sorted(stage.validated_on),
        "frozen": {path: list(pair) for path, pair in stage.frozen.items()},
    }


def _draw_history(run: Run, stage: Stage) -> None:
    score = stage.history.score
    columns = {
        name: [row[name] for row in stage.history.rows]
        for name in ("loss", "val_loss", score, f"val_{score}")
        if name in stage.history.best
    }
    path = run.path / f"history-{stage.history.stage}.png"
    history_figure(columns, path, best_epoch=stage.history.best_epoch)


def _facts(
    prepared: Prepared, trained: Trained, config: ExperimentConfig, note: str
) -> dict[str, Any]:
    """What ``evaluate`` and people need to know of a run without opening anything else."""
    classes = prepared.part("train").classes
    majority = {} if prepared.scale else {"majority": int(np.bincount(classes).argmax())}
    return {
        "format": FORMAT,
        "finished": now(),
        "corpus": prepared.corpus.name,
        "root": str(prepared.corpus.root.resolve()),
        "mode": config.fusion.mode,
        "protocol": prepared.protocol,
        "protocol_hash": prepared.split.protocol_hash,
        "fold": prepared.split.fold,
        "n_folds": prepared.split.n_folds,
        "split_hash": prepared.split.hash,
        "speaker_disjoint": prepared.split.speaker_disjoint,
        "note": note,
        "leaky": prepared.split.leaky,
        "n_clips": {part: len(prepared.parts[part]) for part in PARTS},
        **majority,
        f"validation_{trained.score}": trained.validation_score,
        "refused": {str(r.path): r.reason for r in prepared.refused},
    }
