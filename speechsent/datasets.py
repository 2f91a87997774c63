"""Clips to batches: windows of both views, in an order that is a function of seed and epoch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import keras
import numpy as np

from speechsent.errors import ParameterError
from speechsent.features.augment import Augment, Views
from speechsent.features.image import to_image
from speechsent.features.mfcc import Mfcc
from speechsent.features.standardize import Statistics

Inputs = dict[str, np.ndarray]
Targets = np.ndarray | dict[str, np.ndarray]
ORDER, MIXING = 0xA11, 0xB22  # keep the streams of random numbers apart


@dataclass(frozen=True)
class Clips:
    """Raw features of some clips, the statistics that standardise each, and their classes.

    Args:
        views: Sequences by view, one a clip, each ``(n_frames, n_values)``.
        statistics: Statistics by view, one a clip.
        classes: Class index of each clip, shape ``(n_clips,)``.
        n_classes: Number of emotions.
        n_window: Frames in a window.
        ids: Name of each clip, by which stages of a training know what they were fitted on.
    """

    views: Mapping[str, Sequence[np.ndarray]]
    statistics: Mapping[str, Sequence[Statistics]]
    classes: np.ndarray
    n_classes: int
    n_window: int
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)

    def subset(self, indices: Sequence[int]) -> "Clips":
        """The clips with these indices, in this order."""
        return Clips(
            {view: [clips[i] for i in indices] for view, clips in self.views.items()},
            {view: [stats[i] for i in indices] for view, stats in self.statistics.items()},
            self.classes[list(indices)],
            self.n_classes,
            self.n_window,
            tuple(self.ids[i] for i in indices),
        )

    def n_frames(self, clip: int) -> int:
        """Frames of a clip."""
        return len(next(iter(self.views.values()))[clip])

    def window(self, clip: int, first: int, raw: Views | None = None) -> Views:
        """Standardised window of each view, zero behind the clip's end.

        Args:
            clip: Index of the clip.
            first: First frame.
            raw: Features to use in place of the stored ones.
        """
        views = (
            raw if raw is not None else {view: clips[clip] for view, clips in self.views.items()}
        )
        windows = {}
        for view, values in views.items():
            part = values[first : first + self.n_window]
            windows[view] = np.zeros((self.n_window, values.shape[1]), np.float32)
            windows[view][: len(part)] = self.statistics[view][clip](part)
        return windows


def to_inputs(windows: Sequence[Views]) -> Inputs:
    """Stack windows into what the model reads: the log-mel view becomes the image."""
    stacked = {view: np.stack([w[view] for w in windows]) for view in windows[0]}
    if "log_mel" in stacked:
        stacked["image"] = to_image(stacked.pop("log_mel"))
    return stacked


@dataclass(frozen=True)
class TrainingOptions:
    """What makes a training batch.

    Args:
        batch_size: Clips in a batch.
        seed: Seed of order, windows and augmentation.
        augment: What is varied; None leaves clips as they are.
        mfcc: Recomputes cepstra from augmented spectra.
        n_mels: Mel bands of those spectra.
        inputs: Names of the inputs the model reads; empty for all.
        outputs: Names of the model's outputs, which all get the same targets; empty if it has
            one without a name.
        class_weights: Weight classes inversely to their frequency.
    """

    batch_size: int = 32
    seed: int = 0
    augment: Augment | None = None
    mfcc: Mfcc = field(default_factory=Mfcc)
    n_mels: int = 64
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    class_weights: bool = True


class TrainingBatches(keras.utils.PyDataset):
    """Batches of random windows; every number depends on (seed, epoch, clip) alone.

    The last, smaller batch of an epoch is left out: other clips each time. A corpus smaller than
    a batch is one batch.

    Args:
        clips: The training clips.
        options: What makes a batch.
    """

    def __init__(self, clips: Clips, options: TrainingOptions) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        if not len(clips):
            raise ParameterError("training needs at least one clip. Received: none")
        self.clips = clips
        self.options = options
        self.epoch = 0
        self.batch_size = min(options.batch_size, len(clips))
        self.weights = balanced_weights(clips) if options.class_weights else np.ones(len(clips))
        self._order = self._shuffle()

    def __len__(self) -> int:
        return len(self.clips) // self.batch_size

    def on_epoch_end(self) -> None:
        """Move on to the next epoch's order and augmentation."""
        self.start(self.epoch + 1)

    def start(self, epoch: int) -> None:
        """Set the epoch; nothing else is remembered from one to the next."""
        self.epoch = epoch
        self._order = self._shuffle()

    def __getitem__(self, step: int) -> tuple[Inputs, Targets, Targets]:
        """Inputs, targets and weights of one batch."""
        chosen = self._order[step * self.batch_size : (step + 1) * self.batch_size]
        inputs = to_inputs([self.augmented(int(clip)) for clip in chosen])
        inputs = {name: inputs[name] for name in self.options.inputs or inputs}
        targets = np.eye(self.clips.n_classes, dtype=np.float32)[self.clips.classes[chosen]]
        weights = self.weights[chosen].astype(np.float32)
        mixing = self._mixing(step, len(chosen))
        if mixing is not None:
            partner, share = mixing
            inputs = {name: _mix(values, partner, share) for name, values in inputs.items()}
            targets, weights = _mix(targets, partner, share), _mix(weights, partner, share)
        if not self.options.outputs:
            return inputs, targets, weights
        outputs = self.options.outputs
        return inputs, dict.fromkeys(outputs, targets), dict.fromkeys(outputs, weights)

    def augmented(self, clip: int, copy: int = 0) -> Views:
        """One random window of a clip, as this epoch sees it."""
        augment, clips = self.options.augment, self.clips
        rng = np.random.default_rng([self.options.seed, self.epoch, clip, copy])
        if augment is None:
            spare = clips.n_frames(clip) - clips.n_window
            return clips.window(clip, int(rng.integers(spare + 1)) if spare > 0 else 0)
        raw = {view: sequences[clip] for view, sequences in clips.views.items()}
        raw = augment.signal(rng, raw, mfcc=self.options.mfcc, n_mels=self.options.n_mels)
        first = augment.start(rng, clips.n_frames(clip), clips.n_window)
        windows = clips.window(clip, first, raw)
        augment.mask(rng, windows, min(clips.n_frames(clip) - first, clips.n_window))
        return windows

    def _shuffle(self) -> np.ndarray:
        return np.random.default_rng([self.options.seed, self.epoch, ORDER]).permutation(
            len(self.clips)
        )

    def _mixing(self, step: int, n_clips: int) -> tuple[np.ndarray, np.ndarray] | None:
        if self.options.augment is None:
            return None
        rng = np.random.default_rng([self.options.seed, self.epoch, step, MIXING])
        return self.options.augment.mix(rng, n_clips)


def _mix(values: np.ndarray, partner: np.ndarray, share: np.ndarray) -> np.ndarray:
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return share * values + (1 - share) * values[partner]


def balanced_weights(clips: Clips) -> np.ndarray:
    """Weight of each clip such that all classes weigh the same and the mean is 1.

    Returns:
        Weights, shape ``(n_clips,)``.
    """
    counts = np.bincount(clips.classes, minlength=clips.n_classes)
    present = int((counts > 0).sum())
    weights: np.ndarray = len(clips) / (present * np.maximum(counts, 1))
    return weights[clips.classes]


def evaluation_batches(
    clips: Clips, *, batch_size: int = 64
) -> Iterator[tuple[Inputs, np.ndarray]]:
    """Every clip once, as half-overlapping windows that cover it; nothing random.

    Yields:
        Inputs of a batch of windows, and the index of the clip each window is from.
    """
    windows: list[Views] = []
    owners: list[int] = []
    for clip in range(len(clips)):
        for first in window_starts(clips.n_frames(clip), clips.n_window):
            windows.append(clips.window(clip, first))
            owners.append(clip)
            if len(windows) == batch_size:
                yield to_inputs(windows), np.array(owners)
                windows, owners = [], []
    if windows:
        yield to_inputs(windows), np.array(owners)


def window_starts(n_frames: int, n_window: int) -> list[int]:
    """First frames of evenly spaced windows that cover a clip and overlap by half or more.

    Example:
        >>> window_starts(100, 150), window_starts(150, 150), window_starts(230, 150)
        ([0], [0], [0, 40, 80])
    """
    spare = n_frames - n_window
    if spare <= 0:
        return [0]
    n_windows = 1 + -(-2 * spare // n_window)
    return [round(i * spare / (n_windows - 1)) for i in range(n_windows)]
