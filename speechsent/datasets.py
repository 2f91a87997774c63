"""Clips to batches: windows of both views, in an order that is a function of seed and epoch."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import keras
import numpy as np

from speechsent.answers import Answer, answer_of
from speechsent.errors import ParameterError
from speechsent.features.augment import Augment, Views
from speechsent.features.image import to_image
from speechsent.features.mfcc import Mfcc
from speechsent.features.standardize import Statistics

Item = TypeVar("Item")
Inputs = dict[str, np.ndarray]
Targets = np.ndarray | dict[str, np.ndarray]
ORDER, MIXING = 0xA11, 0xB22  # keep the streams of random numbers apart


class Picked(Sequence[Item]):
    """Some items of a sequence, fetched when asked for: features may lie on disk.

    Args:
        items: The sequence.
        indices: Which of its items, in which order.
    """

    def __init__(self, items: Sequence[Item], indices: Sequence[int]) -> None:
        self._items, self._indices = items, tuple(indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: Any) -> Any:
        return self._items[self._indices[index]]


@dataclass(frozen=True)
class Clips:
    """Raw features of some clips, the statistics that standardise each, and what is asked.

    Args:
        views: Sequences by view, one a clip, each ``(n_frames, n_values)``.
        statistics: Statistics by view, one a clip.
        classes: Class index of each clip, shape ``(n_clips,)``; all 0 if there are targets.
        n_classes: Number of emotions; 1 if there are targets.
        n_window: Frames in a window.
        ids: Name of each clip, by which stages of a training know what they were fitted on.
        targets: Standardised numbers to tell, shape ``(n_clips, n_targets)``; None for emotions.
    """

    views: Mapping[str, Sequence[np.ndarray]]
    statistics: Mapping[str, Sequence[Statistics]]
    classes: np.ndarray
    n_classes: int
    n_window: int
    ids: tuple[str, ...]
    targets: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.classes)

    def subset(self, indices: Sequence[int]) -> "Clips":
        """The clips with these indices, in this order."""
        return Clips(
            {view: Picked(clips, indices) for view, clips in self.views.items()},
            {view: Picked(stats, indices) for view, stats in self.statistics.items()},
            self.classes[list(indices)],
            self.n_classes,
            self.n_window,
            tuple(self.ids[i] for i in indices),
            None if self.targets is None else self.targets[list(indices)],
        )

    @property
    def answer(self) -> Answer:
        """What a network is to answer."""
        return answer_of(self)

    def asked(self, clip: int) -> str:
        """What is to be answered for one clip, as a text."""
        return str(self.classes[clip] if self.targets is None else self.targets[clip].tolist())

    def digest(self, clip: int, views: Collection[str], also: Collection[str] = ()) -> str:
        """SHA-256, in hex, of all that decides what a model is shown of a clip.

        Args:
            clip: Index of the clip.
            views: Views the model reads, standardised.
            also: Views that count as they are stored, because others are made from them.
        """
        found = hashlib.sha256(str(self.n_window).encode())
        for view, values in sorted(self.raw(clip, {*views, *also}).items()):
            found.update(f"{view} {values.shape}".encode())
            found.update(np.ascontiguousarray(values).data)
            if view in views:
                statistics = self.statistics[view][clip]
                for array in (statistics.mean, statistics.scale):
                    found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()

    def raw(self, clip: int, views: Collection[str] | None = None) -> Views:
        """Features of one clip by view, as they are stored; all views, or only some."""
        return {
            view: sequences[clip]
            for view, sequences in self.views.items()
            if views is None or view in views
        }

    def window(self, clip: int, first: int, raw: Views) -> Views:
        """Standardised window of each view, zero behind the clip's end.

        Args:
            clip: Index of the clip, whose statistics are used.
            first: First frame.
            raw: Features of the clip, perhaps changed.
        """
        statistics = {view: self.statistics[view][clip] for view in raw}
        return standard_window(raw, statistics, first, self.n_window)


def standard_window(
    raw: Views, statistics: Mapping[str, Statistics], first: int, n_window: int
) -> Views:
    """Standardise ``n_window`` frames of each view from ``first`` on; zero behind the end.

    Args:
        raw: Features by view, each ``(n_frames, n_values)``.
        statistics: What standardises each view.
        first: First frame.
        n_window: Frames in the window.
    """
    windows = {}
    for view, values in raw.items():
        part = values[first : first + n_window]
        windows[view] = np.zeros((n_window, values.shape[1]), np.float32)
        windows[view][: len(part)] = statistics[view](part)
    return windows


def _n_frames(raw: Views) -> int:
    return len(next(iter(raw.values())))


def views_of(inputs: Sequence[str]) -> tuple[str, ...]:
    """The views behind a model's inputs."""
    return tuple("log_mel" if name == "image" else name for name in inputs)


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


class SeededBatches(keras.utils.PyDataset):
    """Batches whose order is a function of (seed, epoch), so that nothing is left to remember.

    The last, smaller batch of an epoch is left out: other items each time. Fewer items than a
    batch are one batch.

    Args:
        n_items: Number of things to draw from.
        batch_size: Items in a batch.
        seed: Seed of the order.
    """

    def __init__(self, n_items: int, batch_size: int, seed: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        if not n_items:
            raise ParameterError("training needs at least one clip. Received: none")
        self.n_items, self.batch_size, self.seed = n_items, min(batch_size, n_items), seed
        self.start(0)

    def __len__(self) -> int:
        return self.n_items // self.batch_size

    def start(self, epoch: int) -> None:
        """Set the epoch, counted from 0."""
        self.epoch = epoch
        self._order = np.random.default_rng([self.seed, epoch, ORDER]).permutation(self.n_items)

    def feed(self) -> Any:
        """What Keras is to be given."""
        return self

    def chosen(self, step: int) -> np.ndarray:
        """Indices of the items in one batch of this epoch."""
        return self._order[step * self.batch_size : (step + 1) * self.batch_size]


class TrainingBatches(SeededBatches):
    """Batches of random windows; every number depends on (seed, epoch, clip) alone.

    Args:
        clips: The training clips.
        options: What makes a batch.
    """

    def __init__(self, clips: Clips, options: TrainingOptions) -> None:
        super().__init__(len(clips), options.batch_size, options.seed)
        self.clips = clips
        self.options = options
        self.weights = balanced_weights(clips) if options.class_weights else np.ones(len(clips))
        self.wanted = clips.answer.wanted(clips)
        self._views = views_of(options.inputs) or tuple(clips.views)

    def __getitem__(self, step: int) -> tuple[Inputs, Targets, Targets]:
        """Inputs, targets and weights of one batch."""
        chosen = self.chosen(step)
        inputs = to_inputs([self.augmented(int(clip)) for clip in chosen])
        targets = self.wanted[chosen]
        weights = self.weights[chosen].astype(np.float32)
        mixing = self._mixing(step, len(chosen))
        if mixing is not None:
            partner, share = mixing
            inputs = {name: _mix(values, partner, share) for name, values in inputs.items()}
            targets, weights = _mix(targets, partner, share), _mix(weights, partner, share)
        if not self.options.outputs:
            return inputs, targets, weights
        return inputs, self._for_each_output(targets), self._for_each_output(weights)

    def _for_each_output(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The same values for every output, each in memory of its own.

        TensorFlow takes over an array without copying it where its address allows, and may then
        write into it: targets that three outputs shared were now and then smoothed three times.
        """
        return {output: values.copy() for output in self.options.outputs}

    def augmented(self, clip: int, copy: int = 0, *, stream: int | None = None) -> Views:
        """One random window of a clip, as this epoch sees it, of the views the model reads.

        Args:
            clip: Index of the clip.
            copy: Number of the window, for several a clip.
            stream: Stands in the seed for the clip's index, which is the default.
        """
        augment, clips = self.options.augment, self.clips
        stream = clip if stream is None else stream
        rng = np.random.default_rng([self.seed, self.epoch, stream, copy])
        if augment is None:
            raw = clips.raw(clip, self._views)
            spare = _n_frames(raw) - clips.n_window
            return clips.window(clip, int(rng.integers(spare + 1)) if spare > 0 else 0, raw)
        raw = clips.raw(clip, {*self._views, *(("log_mel",) if augment.needs_spectrum else ())})
        raw = augment.signal(rng, raw, mfcc=self.options.mfcc, n_mels=self.options.n_mels)
        raw = {view: raw[view] for view in self._views}
        n_frames = _n_frames(raw)
        first = augment.start(rng, n_frames, clips.n_window)
        windows = clips.window(clip, first, raw)
        augment.mask(rng, windows, min(n_frames - first, clips.n_window))
        return windows

    def _mixing(self, step: int, n_clips: int) -> tuple[np.ndarray, np.ndarray] | None:
        if self.options.augment is None:
            return None
        rng = np.random.default_rng([self.seed, self.epoch, step, MIXING])
        return self.options.augment.mix(rng, n_clips)


def _mix(values: np.ndarray, partner: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix rows with their partners, in place: fresh memory costs more than the arithmetic."""
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    others = values[partner]
    others *= 1 - share
    values *= share
    values += others
    return values


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
        for window in evaluation_windows(clips, clip):
            windows.append(window)
            owners.append(clip)
            if len(windows) == batch_size:
                yield to_inputs(windows), np.array(owners)
                windows, owners = [], []
    if windows:
        yield to_inputs(windows), np.array(owners)


def evaluation_windows(
    clips: Clips, clip: int, *, views: Collection[str] | None = None
) -> list[Views]:
    """Half-overlapping standardised windows that cover a clip, of all views or of some."""
    raw = clips.raw(clip, views)
    starts = window_starts(_n_frames(raw), clips.n_window)
    return [clips.window(clip, first, raw) for first in starts]


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
