"""What happens at the end of an epoch: honest scores, the best weights kept, an early stop."""

from collections.abc import Callable
from typing import Any, Protocol

import keras
import numpy as np

from speechsent.errors import TrainingError
from speechsent.metrics import unweighted_average_recall
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener


class Scored(Protocol):
    """What can be scored: clips, or windows of clips, with the clips' classes."""

    @property
    def classes(self) -> np.ndarray:
        """Class index of each clip."""

    @property
    def n_classes(self) -> int:
        """Number of emotions."""


Outputs = Callable[[keras.Model, Any], np.ndarray]


class EpochScores(keras.callbacks.Callback):
    """Put ``loss`` and ``uar``, ``val_loss`` and ``val_uar`` into the logs, all in inference mode.

    Keras's running figures are taken with dropout, mixup and smoothed labels on while the weights
    still move, and summed over all outputs: no validation curve can be held against them. So
    training clips are scored as validation clips are, and what was minimised is ``objective``.

    Args:
        train: Some training clips.
        validation: All validation clips.
        outputs: Maps the model and a set to the probabilities of its clips.
    """

    def __init__(self, train: Scored, validation: Scored, outputs: Outputs = clip_outputs) -> None:
        super().__init__()
        self.train, self.validation, self.outputs = train, validation, outputs

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Score both sets."""
        logs = {} if logs is None else logs
        if not np.isfinite(logs.get("loss", 0.0)):
            raise TrainingError(
                f"the loss is not a number after epoch {epoch + 1}; lower fit.learning_rate"
            )
        logs["objective"] = logs.get("loss", 0.0)
        for prefix, clips in (("", self.train), ("val_", self.validation)):
            probabilities = self.outputs(self.model, clips)
            logs[f"{prefix}loss"] = cross_entropy(probabilities, clips.classes)
            logs[f"{prefix}uar"] = _uar(probabilities, clips)


def _uar(probabilities: np.ndarray, clips: Scored) -> float:
    return unweighted_average_recall(
        clips.classes, probabilities.argmax(axis=1), n_classes=clips.n_classes
    )


def cross_entropy(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Mean negative log-probability of the true classes, in nats."""
    true = probabilities[np.arange(len(classes)), classes]
    return float(-np.log(np.maximum(true, 1e-7)).mean())


class KeepBest(keras.callbacks.Callback):
    """Keep the weights of the best epoch, and stop when none better comes.

    Best is the highest validation UAR; among equals, the lowest validation loss. UAR on few
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
        score = (logs["val_uar"], -logs["val_loss"])
        if self.best is None or score > self.best:
            self.best, self.best_epoch = score, epoch + 1
            self.weights = self.model.get_weights()
        elif epoch + 1 - self.best_epoch >= self.patience:
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Put the best weights back."""
        if self.weights:
            self.model.set_weights(self.weights)


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
        self.listener, self.stage, self.n_steps = listener, stage, n_steps
        self.rows: list[dict[str, float]] = []
        listener.begin(stage, epochs * n_steps, "steps")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Count a step."""
        self.listener.step(len(self.rows) * self.n_steps + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the epoch's row."""
        names = ("objective", "loss", "uar", "val_loss", "val_uar")
        row = {"epoch": epoch + 1, **{name: float((logs or {})[name]) for name in names}}
        self.rows.append(row)
        self.listener.epoch(epoch + 1, row)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Close the stage."""
        self.listener.end()
