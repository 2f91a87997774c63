"""Keep the state of a stage while Keras fits it, and go on from a state that was kept."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from speechsent.interruption import Interrupted, Patience, patience
from speechsent.training.callbacks import KeepBest, Report
from speechsent.training.progress import Progress, fill, values, variables


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
        fill(variables(self.model), arrays["model"], folder)
        fill(optimizer.variables, arrays["optimizer"], folder)
        self.report.rows[:] = facts["rows"]
        self.keep.best = tuple(facts["best"]) if facts["best"] else None
        self.keep.best_epoch, self.keep.weights = facts["best_epoch"], list(arrays["best"])

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Go on within an epoch: with its running figures, behind the batches it has seen."""
        if self.start is not None and self.step and epoch == self.epoch:
            _make_figures(self.model)
            fill(self.model.metrics_variables, self.start.arrays["metrics"], self.progress.folder)
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


def _make_figures(model: keras.Model) -> None:
    """Have the running figures of each output made, which otherwise the first step does."""
    zeros = keras.tree.map_structure(lambda t: keras.ops.zeros((1, *t.shape[1:])), model.output)
    model.compute_loss(y=zeros, y_pred=zeros)
