"""Train the runs that a study lacks."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from speechsent.run import Run
from speechsent.study.execution import Done, in_processes, on_cluster, one_by_one
from speechsent.study.plan import PlannedRun
from speechsent.study.tasks import Outcome, Task
from speechsent.training.listener import Listener, clock


def train_missing(
    tasks: Sequence[Task], folder: Path, n_workers: int, cluster: str | None, listener: Listener
) -> dict[str, str]:
    """Train what a study lacks, and tell how far it is.

    Args:
        tasks: The runs that are missing.
        folder: The study's folder; what a failure had to say is kept there.
        n_workers: Trainings at once on this machine.
        cluster: Address of a Dask scheduler whose workers train instead.
        listener: Who is told.

    Returns:
        Why runs failed, by run.
    """
    failures: dict[str, str] = {}
    if not tasks:
        return failures
    started = time.monotonic()
    with closing(_outcomes(tasks, n_workers, cluster, listener)) as outcomes:
        for n_done, (task, outcome) in enumerate(outcomes, start=1):
            name = task.planned.folder
            if outcome.failure:
                failures[name] = outcome.failure
                Run(folder).write_text(f"failures/{name}.txt", outcome.details or outcome.failure)
            task.archived()
            spent = time.monotonic() - started
            rest = clock(spent / n_done * (len(tasks) - n_done))
            listener.note(f"{n_done}/{len(tasks)} {_told(task, outcome)}; about {rest} left")
    return failures


def _outcomes(
    tasks: Sequence[Task], n_workers: int, cluster: str | None, listener: Listener
) -> Generator[Done, None, None]:
    if cluster is not None:
        return on_cluster(tasks, cluster)
    if n_workers == 1:
        return one_by_one(tasks, Bars(listener))
    return in_processes(tasks, n_workers)


def _told(task: Task, outcome: Outcome) -> str:
    """A run's fate in a few words."""
    planned: PlannedRun = task.planned
    what = f"{planned.system}, fold {planned.fold}, seed {planned.seed}"
    if outcome.failure:
        return f"{what}: FAILED ({outcome.failure})"
    run = task.run
    uar = run.read_json("scores.json")["uar"] if run is not None else float("nan")
    return f"{what}: UAR {uar:.3f} ({clock(outcome.seconds)})"


class Bars(Listener):
    """Passes on how far a training is, but not what it says: a study has dozens of them."""

    def __init__(self, listener: Listener) -> None:
        self.begin, self.step, self.end = listener.begin, listener.step, listener.end  # type: ignore[method-assign]
