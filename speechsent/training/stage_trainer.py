"""One stage of a training: a model, the clips, and how its outcome is found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import keras
import numpy as np

from speechsent.clips import Clips
from speechsent.datasets import TrainingBatches, TrainingOptions, balanced_weights
from speechsent.errors import TrainingError, some
from speechsent.fusion import FusionConfig
from speechsent.training.callbacks import EpochScores, Outputs, of_networks
from speechsent.training.checkups import Checkups
from speechsent.training.embeddings import HeadBatches, embed_clips, embed_training, head_outputs
from speechsent.training.fit import FitConfig, History, fit
from speechsent.training.functionals import Functionals
from speechsent.training.inference import input_names
from speechsent.training.listener import Listener
from speechsent.training.progress import Progress
from speechsent.training.stages import Stage
from speechsent.training.store import EmbeddingStore
from speechsent.training.tracker import Tracker
from speechsent.training.workshop import Workshop

AGAIN = "-again"  # behind the name of a stage that is trained once more, on all clips
GLIMPSE = 256  # training clips that are scored after an epoch where no validation clips are


@dataclass(frozen=True)
class StageTrainer:
    """What every stage of a training is made with, and how one is trained.

    Args:
        branches: Embedding models by name: ``"cnn"``, ``"lstm"``, or both.
        train: Clips to fit on.
        validation: Clips to choose epochs by.
        options: What makes a training batch.
        fusion: How branches are joined.
        config: How long and how fast.
        listener: Who is told about progress.
        functionals: What is put beside the network; None puts nothing there.
        by_speaker: Whether answers are centred by speaker, and so scored.
        trackers: Who collects the figures of each epoch.
        store: Where outputs of frozen branches are kept between runs; None keeps nothing.
        workshop: Where compiled models are kept between trainings; the branches come from it.
        checkups: Where the doctor's findings are kept; None tells them and keeps none.
        progress: Where the training's state is kept, and found if it was begun before; None keeps
            nothing.
        chosen: The epoch each stage ends with, by its name, where they were chosen before, and
            there are no validation clips; None chooses them.
    """

    branches: Mapping[str, keras.Model]
    train: Clips
    validation: Clips
    options: TrainingOptions
    fusion: FusionConfig
    config: FitConfig
    listener: Listener
    functionals: Functionals | None = None
    by_speaker: bool = False
    trackers: Sequence[Tracker] = ()
    store: EmbeddingStore | None = None
    workshop: Workshop = field(default_factory=Workshop)
    checkups: Checkups | None = None
    progress: Progress | None = None
    chosen: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        shared = set(self.train.ids).intersection(self.validation.ids)
        if shared:
            raise TrainingError(f"clips in training and validation: {some(sorted(shared))}")

    def _fit(
        self,
        model: keras.Model,
        *,
        stage: str,
        epochs: int,
        loss_weights: Mapping[str, float] | None = None,
        rate: float = 1.0,
    ) -> Stage:
        """Train a model on batches of clips.

        Args:
            model: Changed in place.
            stage: Name of the stage.
            epochs: Most epochs.
            loss_weights: Weight of each output's loss; None for a model of one output.
            rate: Factor on the learning rate.
        """
        if finished := self._finished(model, stage):
            return finished
        options = replace(
            self.options,
            inputs=tuple(input_names(model)),
            outputs=tuple(model.output) if isinstance(model.output, dict) else (),
        )
        history = fit(
            model,
            TrainingBatches(self.train, options),
            self._scores(),
            self.config,
            stage=self._named(stage),
            epochs=epochs,
            last_epoch=self._last_epoch(stage),
            listener=self.listener,
            loss_weights=loss_weights,
            rate=rate,
            trackers=self.trackers,
            workshop=self.workshop,
            checkups=self.checkups,
            progress=self.progress,
        )
        return self._stage(history)

    def _fit_kept(
        self,
        model: keras.Model,
        frozen: Mapping[str, keras.Model],
        necks: Mapping[str, keras.Model],
        *,
        stage: str,
    ) -> Stage:
        """Train a model on outputs of frozen networks, which are computed once and kept.

        Args:
            model: Reads the outputs by name.
            frozen: The networks by name.
            necks: What lies between a frozen network and the model, if anything does.
            stage: Name of the stage.
        """
        if finished := self._finished(model, stage):
            return finished
        batches = TrainingBatches(self.train, self.options)
        embedded = embed_training(frozen, batches, self.fusion.copies, self.store)
        weights = (
            balanced_weights(self.train) if self.options.class_weights else np.ones(len(self.train))
        )
        history = fit(
            model,
            HeadBatches(
                embedded.through(necks),
                weights,
                batch_size=self.config.batch_size,
                seed=self.options.seed,
            ),
            EpochScores(
                embed_clips(frozen, self._glimpse(), self.store).through(necks),
                embed_clips(frozen, self.validation, self.store).through(necks)
                if self.chosen is None
                else None,
                head_outputs,
                by_speaker=self.by_speaker,
            ),
            self.config,
            stage=self._named(stage),
            epochs=self.config.head_epochs,
            last_epoch=self._last_epoch(stage),
            listener=self.listener,
            trackers=self.trackers,
            workshop=self.workshop,
            checkups=self.checkups,
            progress=self.progress,
        )
        return self._stage(history)

    def _finished(self, model: keras.Model, stage: str) -> Stage | None:
        """The stage with its outcome in the model, if it was finished before an interruption."""
        name = self._named(stage)
        found = self.progress and self.progress.finished(name, model)
        if not found:
            return None
        rows, best_epoch = found
        self.listener.note(f"{name}: finished before the interruption")
        return self._stage(History(name, tuple(rows), best_epoch))

    def _stage(self, history: History) -> Stage:
        return Stage(history, frozenset(self.train.ids), frozenset(self.validation.ids))

    def _named(self, stage: str) -> str:
        """Name of a stage for people and files."""
        return stage if self.chosen is None else f"{stage}{AGAIN}"

    def _last_epoch(self, stage: str) -> int | None:
        """Epoch a stage ends with, if it was chosen before."""
        return None if self.chosen is None else self.chosen[stage]

    def _scores(self, outputs: Outputs = of_networks) -> EpochScores:
        """What scores a model on whole clips."""
        validation = self.validation if self.chosen is None else None
        return EpochScores(self._glimpse(), validation, outputs, by_speaker=self.by_speaker)

    def _glimpse(self) -> Clips:
        """As many training clips as there are validation clips, evenly spread: enough to see."""
        return self.train.spread(len(self.validation) or GLIMPSE)
