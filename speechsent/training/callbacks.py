"""What happens at the end of an epoch: honest scores, the best weights kept, an early stop."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np

from speechsent.answers import Asked, answer_of
from speechsent.centring import centred
from speechsent.errors import TrainingError
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener, score_of

Outputs = Callable[[keras.Model, Any], np.ndarray]
# An LSTM takes 64 windows at once in half the time of eight, and it is asked after every epoch.
of_networks: Outputs = partial(clip_outputs, batch_size=64)
FIGURES = ("objective", "loss", "uar", "ccc", "val_loss", "val_uar", "val_ccc")


class EpochScores(keras.callbacks.Callback):
    """Put ``loss`` and ``val_loss``, and the same of the score, into the logs, in inference mode.

    Keras's running figures are taken with dropout, mixup and smoothed labels on while the weights
    still move, and summed over all outputs: no validation curve can be held against them. So
    training clips are scored as validation clips are, and what was minimised is ``objective``.

    Args:
        train: Some training clips.
        validation: All validation clips; None where nothing is left to choose.
        outputs: Maps the model and a set to the answers for its clips.
        by_speaker: Score answers less what all clips of a speaker are told alike.
    """

    def __init__(
        self,
        train: Asked,
        validation: Asked | None,
        outputs: Outputs = of_networks,
        *,
        by_speaker: bool = False,
    ) -> None:
        super().__init__()
        self.by_speaker = by_speaker
        self.train, self.validation, self.outputs = train, validation, outputs
        self.answer = answer_of(train)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Score both sets."""
        logs = {} if logs is None else logs
        if not np.isfinite(logs.get("loss", 0.0)):
            raise TrainingError(
                f"the loss is not a number after epoch {epoch + 1}; lower fit.learning_rate"
            )
        logs["objective"] = logs.get("loss", 0.0)
        for prefix, clips in (("", self.train), ("val_", self.validation)):
            if clips is None:
                continue
            outputs = self.outputs(self.model, clips)
            if self.by_speaker:
                outputs = centred(outputs, clips.speakers)
            loss, score = self.answer.judge(outputs, clips)
            logs |= {f"{prefix}loss": loss, f"{prefix}{self.answer.score}": score}


def figures_of(logs: Mapping[str, float]) -> dict[str, float]:
    """The figures of an epoch that are kept, out of all that Keras and ``EpochScores`` tell."""
    return {name: float(logs[name]) for name in FIGURES if name in logs}


class KeepBest(keras.callbacks.Callback):
    """Keep the weights of the best epoch, and stop when none better comes.

    Best is the highest validation score; among equals, the lowest validation loss. UAR on few
    clips moves in steps, so ties are common.

    Args:
        patience: Epochs without improvement before training stops.
    """

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience
        self.best: tuple[float, float] | None = None
        self.best_epoch = 0
        self.weights: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compare, keep, or stop."""
        logs = logs or {}
        score = (logs[f"val_{score_of(logs)}"], -logs["val_loss"])
        if self.best is None or score > self.best:
            self.best, self.best_epoch = score, epoch + 1
            self.weights = self.model.get_weights()
        elif epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Put the best weights back."""
        if self.weights:
            self.model.set_weights(self.weights)


class KeepLast(KeepBest):
    """Leave the weights as they are after the last epoch: how many there are was chosen before."""

    def __init__(self) -> None:
        super().__init__(patience=0)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Count."""
        self.best_epoch = epoch + 1


class Report(keras.callbacks.Callback):
    """Tell the listener about steps and epochs, and remember each epoch's figures.

    Args:
        listener: Who is told.
        stage: Name of the stage, such as ``"joint"``.
        epochs: Most epochs there can be.
        n_steps: Steps in an epoch.
    """

    def __init__(self, listener: Listener, stage: str, epochs: int, n_steps: int) -> None:
        super().__init__()
        self.listener, self.stage = listener, stage
        self.epochs, self.n_steps = epochs, n_steps
        self.rows: list[dict[str, float]] = []
        listener.begin(stage, epochs * n_steps, "steps")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Count a step."""
        self.listener.step(len(self.rows) * self.n_steps + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the epoch's row."""
        row = {"epoch": epoch + 1, **figures_of(logs or {})}
        self.rows.append(row)
        self.listener.epoch(epoch + 1, row)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Close the stage."""
        self.listener.end()
