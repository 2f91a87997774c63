"""Trainings among others, in tools made for that: what is told stands in the run folder first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from speechsent.errors import ParameterError, TrainingError
from speechsent.run import Run
from speechsent.tracking.mlflow import Mlflow, check_mlflow
from speechsent.tracking.tensorboard import TensorBoard
from speechsent.training.listener import Listener
from speechsent.training.tracker import Outcome, Tracker

TRACKERS: dict[str, type[Mlflow | TensorBoard]] = {"mlflow": Mlflow, "tensorboard": TensorBoard}
MODULES = {"mlflow": ("mlflow", "sqlalchemy", "alembic"), "tensorboard": ("tensorboard",)}


def check_trackers(names: Sequence[str], root: Path, cut: Run | None = None) -> tuple[str, ...]:
    """Say at once, and not after an hour, what cannot be tracked.

    Args:
        names: Of trackers.
        root: Folder of all runs.
        cut: The run that is gone on with, if one is.

    Returns:
        The names, each once.

    Raises:
        ParameterError: If there is no such tracker.
        TrainingError: If its package is missing, or its store cannot be reached or does not have
            the run that is gone on with.
    """
    if isinstance(names, str) or not set(names) <= set(TRACKERS):
        raise ParameterError(f"track lists any of {', '.join(TRACKERS)}. Received: track={names!r}")
    for name in names:
        if any(find_spec(module) is None for module in MODULES[name]):
            raise TrainingError(
                f"what --track {name} needs is not installed; pip install speechsent[{name}]"
            )
    if "mlflow" in names:
        check_mlflow(root, cut)
    return tuple(dict.fromkeys(names))


@contextmanager
def tracked(
    names: Sequence[str], run: Run, corpus: str, listener: Listener
) -> Iterator[list[Tracker]]:
    """Have trackers follow a training, and tell them how it ended.

    Args:
        names: As :func:`check_trackers` gave them back.
        run: The run; its folder has its configuration.
        corpus: Name of the corpus.
        listener: Told when a tracker is lost, which ends no training.

    Raises:
        TrainingError: If a store cannot be reached.
    """
    trackers: list[Tracker] = [TRACKERS[name](run, corpus, listener) for name in names]
    outcome: Outcome = "FAILED"
    try:
        yield trackers
        outcome = "FINISHED"
    except KeyboardInterrupt:
        outcome = "KILLED"
        raise
    finally:
        for tracker in trackers:
            tracker.close(outcome)
