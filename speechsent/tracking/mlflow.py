"""Runs in MLflow: figures as they come, and scores, report and model card at the end."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import keras

from speechsent.errors import RunError, TrainingError
from speechsent.report import CARD, REPORT
from speechsent.run import Run
from speechsent.tracking import figures
from speechsent.training.callbacks import figures_of
from speechsent.training.listener import Listener
from speechsent.training.tracker import Outcome, Tracker

RECORD = "mlflow.json"
DATABASE = "mlflow.db"
ARTIFACTS = "mlflow-artifacts"
AT_ONCE = 100  # parameters in a request; MLflow takes no more


class Mlflow(Tracker):
    """Puts one training into MLflow: the corpus is the experiment, the run folder names the run.

    The store is where ``MLFLOW_TRACKING_URI`` says, or a database beside the runs. Whatever it
    misses while it is out of reach is told at the end, from the run folder.

    Args:
        run: The run; what it is called in MLflow is kept in its ``mlflow.json``.
        corpus: Name of the corpus.
        listener: Told when the store is lost, which ends no training.

    Raises:
        TrainingError: If the store cannot be reached at the beginning.
    """

    def __init__(self, run: Run, corpus: str, listener: Listener) -> None:
        self.run, self.listener, self.lost = run, listener, False
        self.root = run.path.resolve().parents[1]
        with _one_line(self.root):
            self.client = _client(self.root)
            self.id = _id(run) or self._begin(corpus)
            self.client.update_run(self.id, status="RUNNING")
            self.told = self._told()
            self._tell_parameters()

    def callback(self, stage: str) -> keras.callbacks.Callback:
        """What tells MLflow the figures of each epoch."""
        return keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: self._live(stage, epoch + 1, figures_of(logs))
        )

    def close(self, outcome: Outcome) -> None:
        """Tell what is missing, the results and the files, and how the training ended."""
        if self.lost and outcome != "FINISHED":
            return
        with self._forgiving():
            if outcome == "FINISHED":
                self._finish()
            self.client.set_terminated(self.id, outcome)

    def _begin(self, corpus: str) -> str:
        """Make the run in MLflow, and note which one it is."""
        found = self.client.get_experiment_by_name(corpus)
        experiment = (
            found.experiment_id
            if found
            else self.client.create_experiment(corpus, artifact_location=_artifacts(self.root))
        )
        made: str = self.client.create_run(experiment, run_name=self.run.path.name).info.run_id
        self.run.write_json(RECORD, {"experiment_id": experiment, "run_id": made})
        return made

    def _told(self) -> set[tuple[str, int]]:
        """Name and epoch of what was told before the training was cut."""
        known = self.client.get_run(self.id).data.metrics
        history = self.client.get_metric_history
        return {(name, metric.step) for name in known for metric in history(self.id, name)}

    def _tell_parameters(self) -> None:
        told, param = figures.parameters(self.run), _mlflow().entities.Param
        params = [param(figures.name_of(name), value) for name, value in told.items()]
        for first in range(0, len(params), AT_ONCE):
            self.client.log_batch(self.id, params=params[first : first + AT_ONCE])

    def _live(self, stage: str, epoch: int, told: Mapping[str, float]) -> None:
        if not self.lost:
            with self._forgiving():
                self._tell({f"{stage}/{name}": value for name, value in told.items()}, epoch)

    def _tell(self, told: Mapping[str, float], step: int = 0) -> None:
        """Tell what was not told before."""
        named = {figures.name_of(name): value for name, value in told.items()}
        new = {name: value for name, value in named.items() if (name, step) not in self.told}
        now, metric = int(time.time() * 1000), _mlflow().entities.Metric
        metrics = [metric(name, float(value), now, step) for name, value in new.items()]
        if metrics:
            self.client.log_batch(self.id, metrics=metrics)
            self.told |= {(name, step) for name in new}

    def _finish(self) -> None:
        """Tell what a finished run folder has."""
        for stage, epoch, told in figures.epochs(self.run):
            self._tell({f"{stage}/{name}": value for name, value in told.items()}, epoch)
        self._tell(figures.results(self.run))
        for name, value in figures.tags(self.run).items():
            self.client.set_tag(self.id, name, value)
        for file in (REPORT, CARD, "scores.json"):
            if (self.run.path / file).is_file():
                self.client.log_artifact(self.id, str(self.run.path / file))

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """A store that is out of reach is told of once, and no reason to end a training."""
        try:
            with _one_line(self.root):
                yield
        except TrainingError as error:
            self.lost = True
            self.listener.note(f"warning: {error}; {self.run.path} has all the same")


def check_mlflow(root: Path, cut: Run | None = None) -> None:
    """Reach the store, and look up the run that is gone on with.

    Args:
        root: Folder of all runs.
        cut: The run that is gone on with, if one is.

    Raises:
        TrainingError: If the store cannot be reached, or does not have that run.
    """
    with _one_line(root):
        client, known = _client(root), _id(cut)
        if known:
            client.get_run(known)
        else:
            client.search_experiments(max_results=1)


def _id(run: Run | None) -> str | None:
    """The run in MLflow that a run folder belongs to.

    Raises:
        RunError: If the record of it is damaged.
    """
    if run is None or not (run.path / RECORD).is_file():
        return None
    told = run.read_json(RECORD)
    if not isinstance(told, dict) or not isinstance(told.get("run_id"), str):
        raise RunError(
            f"{run.path / RECORD}: does not name a run in MLflow; restore it, or delete it, and "
            "another is begun there"
        )
    return str(told["run_id"])


def _store(root: Path) -> str:
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root.resolve() / DATABASE}"


def _artifacts(root: Path) -> str | None:
    """Where the files of runs go; None leaves it to a store that is not ours."""
    ours = not os.environ.get("MLFLOW_TRACKING_URI")
    return (root.resolve() / ARTIFACTS).as_uri() if ours else None


def _client(root: Path) -> Any:
    root.mkdir(parents=True, exist_ok=True)
    return _mlflow().MlflowClient(_store(root))


def _mlflow() -> Any:
    """The package, which tells its makers nothing of this training unless it is asked to."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    return import_module("mlflow")


@contextmanager
def _one_line(root: Path) -> Iterator[None]:
    """What MLflow complains of, in one line.

    Raises:
        TrainingError: With that line.
    """
    database = import_module("sqlalchemy.exc").SQLAlchemyError  # a damaged one, for instance
    try:
        yield
    except (_mlflow().exceptions.MlflowException, database, OSError) as error:
        place = re.sub("//[^/@]*@", "//", _store(root))  # no password is shown
        told = str(error).strip() or type(error).__name__
        raise TrainingError(f"MLflow at {place}: {told.splitlines()[0]}") from error
