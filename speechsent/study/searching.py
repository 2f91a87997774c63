"""The trials of a search: trained without a look at the test part, each once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from speechsent.config import ExperimentConfig
from speechsent.study.plan import PlannedRun, Study
from speechsent.study.search import SUFFIX, search
from speechsent.study.tasks import Task, perform, sweep
from speechsent.training.listener import Listener

TRIALS = "trials"


def searched_runs(
    study: Study, pattern: Task, folds: Sequence[int], listener: Listener
) -> list[PlannedRun]:
    """Search each fold by its own validation speakers; plan what is found, with every seed.

    One choice for all folds would look at speakers who are tested in another fold.

    Args:
        study: The study; without a search nothing is planned.
        pattern: A task of the study, whose corpus and folders the trials share.
        folds: Folds of the study.
        listener: Who is told about progress.
    """
    plan = study.search
    if plan is None:
        return []
    trials = pattern.folder.parent / TRIALS
    trials.mkdir(exist_ok=True)
    sweep(trials)
    planned = []
    for system in (system for system in study.systems if system.name in plan.of):
        for fold in folds:
            trial = PlannedRun(
                system=f"{system.name} trial",
                fold=fold,
                seed=plan.seed,
                config=study.at(system, fold, plan.seed),
                start=system.start,
            )
            task = replace(pattern, planned=trial, folder=trials, test=False)
            told = f"search {system.name}, fold {fold}"
            score = _score(task, told, plan.n_trials, listener)
            found = replace(system, config=search(plan, trial.config, score))
            planned += [
                PlannedRun(
                    system=system.name + SUFFIX,
                    fold=fold,
                    seed=seed,
                    config=study.at(found, fold, seed),
                    start=system.start,
                )
                for seed in study.seeds
            ]
    return planned


def _score(
    task: Task, told: str, n_trials: int, listener: Listener
) -> Callable[[ExperimentConfig], float | None]:
    """Train with a configuration, unless that is done, and return its validation UAR."""
    numbers = count(1)

    def score(config: ExperimentConfig) -> float | None:
        tried = replace(task, planned=replace(task.planned, config=config))
        outcome = perform(tried)
        run = tried.run
        uar = None if run is None else float(run.facts["validation_uar"])
        result = outcome.failure or f"validation UAR {uar:.3f}"
        listener.note(f"{told}: trial {next(numbers)}/{n_trials}, {result}")
        return uar

    return score
