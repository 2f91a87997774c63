"""Compile and fit: one optimiser, one schedule, the best epoch's weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras

from speechsent.batches import SeededBatches
from speechsent.errors import ParameterError
from speechsent.training.callbacks import EpochScores, KeepBest, KeepLast, Report
from speechsent.training.checkpoints import Checkpoints
from speechsent.training.checkups import Checkups
from speechsent.training.devices import require_even_shares
from speechsent.training.forecast import Forecast, expected_memory, warn_of_memory
from speechsent.training.listener import Listener, score_of
from speechsent.training.progress import Progress
from speechsent.training.tracker import Tracker
from speechsent.training.workshop import Workshop

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How long and how fast a model is trained.

    Args:
        epochs: Most passes over the training clips.
        head_epochs: The same over outputs that are kept, ``fusion.copies`` of each clip: for the
            head of a frozen fusion, and for what is behind a frozen pretrained network.
        batch_size: Clips in a step.
        learning_rate: Peak rate of AdamW, reached after the warm-up, then falling as a cosine.
        finetune_rate: Factor on the rate when a trained fusion is fine-tuned.
        warmup: Share of all steps over which the rate rises from a hundredth of its peak.
        weight_decay: Decoupled weight decay.
        label_smoothing: Share of each target spread over all classes; not for numbers.
        class_weights: Weight classes inversely to their frequency.
        patience: Epochs without a better validation score before training stops.
        precision: Arithmetic of the layers: ``"float32"``, or mixed with 16-bit on hardware that
            gains from it.
        refit: When all epochs are chosen, train the same network once more on training and
            validation clips together, to the epochs that were chosen. It doubles the time; a
            network that has heard more speakers knows new ones better.

    Raises:
        ParameterError: If a field is out of range.
    """

    epochs: int = 50
    head_epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 2e-3
    finetune_rate: float = 0.1
    warmup: float = 0.1
    weight_decay: float = 1e-2
    label_smoothing: float = 0.1
    class_weights: bool = True
    patience: int = 20
    precision: Precision = "float32"
    refit: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "head_epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise ParameterError(
                    f"{name} must be positive. Received: {name}={getattr(self, name)}"
                )
        if not 0 < self.learning_rate < 1 or not 0 < self.finetune_rate <= 1:
            raise ParameterError(
                "learning_rate must lie in (0, 1) and finetune_rate in (0, 1]. Received: "
                f"learning_rate={self.learning_rate}, finetune_rate={self.finetune_rate}"
            )
        if not 0 <= self.warmup < 1 or not 0 <= self.label_smoothing < 1 or self.weight_decay < 0:
            raise ParameterError(
                "warmup and label_smoothing must lie in [0, 1), weight_decay must not be negative. "
                f"Received: warmup={self.warmup}, label_smoothing={self.label_smoothing}, "
                f"weight_decay={self.weight_decay}"
            )
        if self.precision not in PRECISIONS:
            raise ParameterError(
                f"precision must be one of {', '.join(PRECISIONS)}. Received: {self.precision!r}"
            )


@dataclass(frozen=True)
class History:
    """Figures of each epoch of a stage, and the epoch whose weights were kept."""

    stage: str
    rows: tuple[Mapping[str, float], ...]
    best_epoch: int

    @property
    def best(self) -> Mapping[str, float]:
        """Figures of the epoch that was kept."""
        return self.rows[self.best_epoch - 1]

    @property
    def score(self) -> str:
        """Name of the score by which it was kept: ``"uar"``, or ``"ccc"`` of numbers."""
        return score_of(self.best)

    @property
    def validation_score(self) -> float:
        """That score on the validation clips, in the epoch that was kept."""
        return float(self.best[f"val_{self.score}"])


def fit(
    model: keras.Model,
    batches: SeededBatches,
    scores: EpochScores,
    config: FitConfig,
    *,
    stage: str,
    epochs: int,
    listener: Listener,
    loss_weights: Mapping[str, float] | None = None,
    rate: float = 1.0,
    last_epoch: int | None = None,
    trackers: Sequence[Tracker] = (),
    workshop: Workshop | None = None,
    checkups: Checkups | None = None,
    progress: Progress | None = None,
) -> History:
    """Train a model in place and leave the chosen epoch's weights in it.

    Args:
        model: Outputs what is asked about the clips, one tensor or a dict of them.
        batches: Training batches; their targets are keyed by output.
        scores: Scores training and validation clips after each epoch.
        config: Rates and stopping.
        stage: Name of the stage for messages and history.
        epochs: Most epochs; the rate falls over as many.
        listener: Who is told about progress.
        loss_weights: Weight of each output's loss; 1 for each if not given.
        rate: Factor on the learning rate.
        last_epoch: The epoch to end with, where it was chosen before; None keeps the one that is
            best on validation clips.
        trackers: Who collects the figures of each epoch.
        workshop: Knows models that an earlier training has compiled; None compiles anew.
        checkups: Where the doctor's findings are kept.
        progress: Where the state is kept, and found if the stage was begun before; None keeps
            nothing.

    Returns:
        The history.

    Raises:
        TrainingError: If the loss is not finite, or the doctor finds an error beforehand.
        ParameterError: If several devices cannot share a batch evenly.
        Interrupted: If a signal came; the state is kept.
    """
    require_even_shares(batches.batch_size)
    n_steps = len(batches)
    workshop, checkups = workshop or Workshop(), checkups or Checkups(listener)
    schedule = workshop.compile(
        model,
        stage,
        optimizer={"weight_decay": config.weight_decay, "clipnorm": 1.0},
        loss=_losses(model, scores.answer.loss(config.label_smoothing)),
        loss_weights=dict(loss_weights) if loss_weights else None,
    )
    doctor = checkups.attend(stage, model, batches, workshop.looker(model, stage))
    schedule.plan(config.learning_rate * rate, n_steps * epochs, config.warmup)
    n_epochs = last_epoch or epochs
    keep = KeepLast() if last_epoch else KeepBest(config.patience)
    report = Report(listener, stage, n_epochs, n_steps)
    # Keras ends an epoch that never was while it builds the metrics, so the epoch is set here.
    order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: batches.start(epoch))
    memory = expected_memory(model, batches.batch_size)
    warn_of_memory(memory, listener)
    checkpoints = Checkpoints(progress, stage, keep, report) if progress else None
    first_step = checkpoints.step if checkpoints else 0
    forecast = Forecast(listener, stage, n_epochs, n_steps, memory, first_step)
    scored: list[Any] = [order, forecast, scores, doctor]
    told = [keep, report, *(tracker.callback(stage) for tracker in trackers)]
    how = {"x": batches.feed(), "epochs": n_epochs, "verbose": 0, "shuffle": False}
    if checkpoints is None:
        model.fit(callbacks=[*scored, *told], **how)
    else:
        checkpoints.fit(model, scored, told, how)
    return History(stage, tuple(report.rows), keep.best_epoch)


def _losses(model: keras.Model, loss: keras.losses.Loss) -> Any:
    """The same loss for every output."""
    return dict.fromkeys(model.output, loss) if isinstance(model.output, dict) else loss
