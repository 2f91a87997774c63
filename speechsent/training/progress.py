"""How far a training is, kept on disk so that it goes on from there, bit for bit, after anything.

Batches are functions of (seed, epoch, clip), and whatever lies between the stages is computed
again, so what has to be kept is the model with the seeds of its dropouts, the optimiser, the
epoch's running figures, the history, and the best epoch's weights.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from speechsent.branches.batchnorm import leaves
from speechsent.errors import RunError
from speechsent.interruption import Interrupted, Patience, patience
from speechsent.training.callbacks import KeepBest, Report
from speechsent.training.snapshot import Slots, Snapshot

SECONDS = 60.0  # between two checkpoints within an epoch
SHARE = 0.02  # of the time that checkpoints may take


class Pace:
    """When a checkpoint is due.

    Args:
        seconds: Between two checkpoints within an epoch, with one at each epoch's end; if None,
            ``SECONDS``, or as seldom as keeps all of them within ``SHARE`` of the time.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._last, self._cost = time.monotonic(), 0.0

    def due(self, *, epoch_ended: bool) -> bool:
        """Whether one is due now."""
        passed = time.monotonic() - self._last
        if self.seconds is not None:
            return epoch_ended or passed >= self.seconds
        return passed * SHARE >= self._cost and (epoch_ended or passed >= SECONDS)

    def kept(self, began: float) -> None:
        """Note that one has been written, begun at a time of ``time.monotonic()``."""
        self._last = time.monotonic()
        self._cost = self._last - began


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The checkpoints of one training.

    Args:
        folder: Where they are.
        identity: What the training is; checkpoints of another one are refused.
        pace: When checkpoints are written.
    """

    folder: Path
    identity: str
    pace: Pace = field(default_factory=Pace)

    def finished(self, stage: str, model: keras.Model) -> tuple[list[dict[str, float]], int] | None:
        """Put a finished stage's outcome into a model.

        Returns:
            Its history's rows and best epoch; None, and nothing changed, if it is not finished.
        """
        kept = self._own(Snapshot.read(self._file(stage)))
        if kept is None:
            return None
        _fill(variables(model), kept.arrays["model"], self.folder)
        return kept.facts["rows"], kept.facts["best_epoch"]

    def finish(
        self, stage: str, model: keras.Model, rows: Sequence[Mapping[str, float]], best_epoch: int
    ) -> None:
        """Keep a finished stage's outcome."""
        facts = {"identity": self.identity, "rows": list(rows), "best_epoch": best_epoch}
        Snapshot(facts, {"model": values(variables(model))}).write(self._file(stage))

    def slots(self) -> tuple[Slots, Snapshot | None]:
        """Where the state of the stage underway is kept, and the newest there is."""
        slots = Slots(self.folder)
        return slots, self._own(slots.newest())

    def _file(self, stage: str) -> Path:
        return self.folder / f"{stage}.finished"

    def _own(self, found: Snapshot | None) -> Snapshot | None:
        if found is not None and found.facts["identity"] != self.identity:
            raise RunError(f"{self.folder}: holds checkpoints of another training; train again")
        return found


class Checkpoints(keras.callbacks.Callback):
    """Keep the state of a stage now and then, and go on from it.

    It comes last, so that what it keeps after an epoch is what all others have made of it.

    Args:
        progress: The training's.
        stage: Name of the stage.
        keep: Knows the best epoch.
        report: Knows the history.
    """

    def __init__(self, progress: Progress, stage: str, keep: KeepBest, report: Report) -> None:
        super().__init__()
        self.progress, self.stage, self.keep, self.report = progress, stage, keep, report
        self.patience, self._train = Patience(), None
        self.slots, newest = progress.slots()
        mine = newest is not None and newest.facts["stage"] == stage
        self.start = newest if mine else None
        self.epoch, self.step = 0, 0
        if self.start is not None:
            self.epoch, self.step = self.start.facts["epoch"], self.start.facts["step"]

    @property
    def first_epoch(self) -> int:
        """The epoch to go on with, from 0; behind the last one if training had stopped."""
        return self.report.epochs if self.start and self.start.facts["stopped"] else self.epoch

    def fit(
        self,
        model: keras.Model,
        scored: Sequence[keras.callbacks.Callback],
        told: Sequence[keras.callbacks.Callback],
        how: Mapping[str, Any],
    ) -> None:
        """Fit a model from the kept state on; when a signal comes, keep the state first.

        Args:
            model: The model.
            scored: Callbacks that leave everything as it is after an epoch; they may take long, so
                a signal ends them at once.
            told: Callbacks behind them.
            how: Further arguments of ``model.fit``.

        Raises:
            Interrupted: If a signal has come.
        """

        def hurry(at_once: bool) -> keras.callbacks.Callback:
            return keras.callbacks.LambdaCallback(
                on_epoch_end=lambda *_: self.patience.hurry(at_once)
            )

        callbacks = [hurry(True), *scored, hurry(False), *told, self]
        with patience() as self.patience:
            try:
                model.fit(callbacks=callbacks, initial_epoch=self.first_epoch, **how)
            except Interrupted:
                self.save()
                raise
            finally:
                self._train_again()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Put the kept state in place."""
        if self.start is None:
            return
        facts, arrays, folder = self.start.facts, self.start.arrays, self.progress.folder
        optimizer = self.model.optimizer
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        _fill(variables(self.model), arrays["model"], folder)
        _fill(optimizer.variables, arrays["optimizer"], folder)
        self.report.rows[:] = facts["rows"]
        self.keep.best = tuple(facts["best"]) if facts["best"] else None
        self.keep.best_epoch, self.keep.weights = facts["best_epoch"], list(arrays["best"])

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Go on within an epoch: with its running figures, behind the batches it has seen."""
        if self.start is not None and self.step and epoch == self.epoch:
            _fill(self.model.metrics_variables, self.start.arrays["metrics"], self.progress.folder)
            self._pass_over()
        self.start = None

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the state if it is time, or a signal has come."""
        if batch < self.step:
            return  # passed over
        self.step = batch + 1
        self.patience.check()
        self._keep(epoch_ended=False)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the state if it is time."""
        self.epoch, self.step = epoch + 1, 0
        self.patience.check()
        self._keep(epoch_ended=True)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Keep the stage's outcome; the best weights are back in place."""
        self.progress.finish(self.stage, self.model, self.report.rows, self.keep.best_epoch)

    def save(self) -> None:
        """Keep the state as it is."""
        facts = {
            "identity": self.progress.identity,
            "stage": self.stage,
            "epoch": self.epoch,
            "step": self.step,
            "stopped": bool(self.model.stop_training),
            "rows": self.report.rows,
            "best": self.keep.best,
            "best_epoch": self.keep.best_epoch,
        }
        arrays = {
            "model": values(variables(self.model)),
            "optimizer": values(self.model.optimizer.variables),
            "metrics": values(self.model.metrics_variables),
            "best": self.keep.weights,
        }
        self.slots.write(facts, arrays)

    def _pass_over(self) -> None:
        """Let the steps up to the kept one read their batches and do nothing else."""
        self._train, left = self.model.train_function, self.step

        def step(batches: Any) -> dict[str, float]:
            nonlocal left
            next(batches)
            left -= 1
            if not left:
                self._train_again()
            figures: dict[str, float] = self.model.get_metrics_result()
            return figures

        self.model.train_function = step

    def _train_again(self) -> None:
        if self._train is not None:
            self.model.train_function, self._train = self._train, None

    def _keep(self, *, epoch_ended: bool) -> None:
        if self.progress.pace.due(epoch_ended=epoch_ended):
            began = time.monotonic()
            self.save()
            self.progress.pace.kept(began)


def variables(model: keras.Model) -> list[keras.Variable]:
    """All that a model's layers remember: weights, statistics, and seeds of dropouts."""
    return [variable for layer in leaves(model) for variable in layer.variables]


def values(held: Sequence[keras.Variable]) -> list[np.ndarray]:
    """What variables hold."""
    return [keras.ops.convert_to_numpy(variable) for variable in held]


def _fill(held: Sequence[keras.Variable], arrays: Sequence[np.ndarray], folder: Path) -> None:
    if [tuple(v.shape) for v in held] != [array.shape for array in arrays]:
        raise RunError(f"{folder}: its checkpoints do not fit this network; train again")
    for variable, array in zip(held, arrays, strict=True):
        variable.assign(array)
