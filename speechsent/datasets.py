"""Training batches: windows of both views, in an order that is a function of seed and epoch."""

import math
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from speechsent.batches import SeededBatches
from speechsent.clips import Clips, Inputs, as_inputs, n_frames, views_of
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.features.voice import Views
from speechsent.ready import ReadyClips

Targets = np.ndarray | dict[str, np.ndarray]
MIXING = 0xB22  # keeps its stream of random numbers apart
ALIGNMENT = 64  # bytes; TensorFlow takes over memory that starts so, and copies what does not


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
    n_mels: int = 96
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    class_weights: bool = True


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
        self._room: dict[str, np.ndarray] = {}
        self._ready: ReadyClips | None = None
        self._blas = ThreadpoolController().select(user_api="blas") if options.augment else None

    @property
    def ahead(self) -> int:
        """Batches made ahead: none where a copy takes less than the cores that train lose by it."""
        import tensorflow as tf

        trains_here = not tf.config.list_physical_devices("GPU")
        return 0 if self._ready is not None and trains_here else 1

    def feed(self) -> Any:
        """What Keras is to be given; clips that are not augmented are made ready once."""
        if self.options.augment is None and self._ready is None:
            self._ready = ReadyClips.of(self.clips, self._views)
        return super().feed()

    def __getitem__(self, step: int) -> tuple[Inputs, Targets, Targets]:
        """Inputs, targets and weights of one batch."""
        chosen = self.chosen(step)
        inputs = self._made(chosen) if self._ready is None else self._copied(chosen, self._ready)
        targets = self.wanted[chosen]
        weights = self.weights[chosen].astype(np.float32)
        mixing = self._mixing(step, len(chosen))
        if mixing is not None:
            partner, share = mixing
            inputs = {
                name: _mix(values, partner, share, self._room_like(name, values.shape))
                for name, values in inputs.items()
            }
            targets, weights = _mix(targets, partner, share), _mix(weights, partner, share)
        if not self.options.outputs:
            return inputs, targets, weights
        return inputs, self._for_each_output(targets), self._for_each_output(weights)

    def _copied(self, chosen: np.ndarray, ready: ReadyClips) -> Inputs:
        """One window of each clip, by input, of clips that are ready."""
        made = {name: _aligned((len(chosen), *shape)) for name, shape in ready.shapes.items()}
        picked = chosen.tolist()
        key = [self.seed, self.epoch]
        first = [self._first([*key, clip, 0], ready.lengths[clip]) for clip in picked]
        ready.copy_windows(picked, first, made)
        return made

    def _made(self, chosen: np.ndarray) -> Inputs:
        """One window of each clip, by input."""
        # BLAS threads would wait in a loop while TensorFlow trains.
        with nullcontext() if self._blas is None else self._blas.limit(limits=1):
            made = as_inputs(self._windows(chosen))
        # Images are turned windows, and mixing what lies turned takes three times as long.
        return {name: _in_order(values) for name, values in made.items()}

    def _windows(self, chosen: np.ndarray) -> Views:
        """One window of each clip, ``(n_clips, n_window, n_values)`` a view."""
        first = self.augmented(int(chosen[0]))
        windows = {}
        for view, one in first.items():
            windows[view] = self._room_for(view, (len(chosen), *one.shape))
            windows[view][0] = one
        for row, clip in enumerate(chosen[1:].tolist(), start=1):
            self.augmented(clip, out={view: values[row] for view, values in windows.items()})
        return windows

    def _room_for(self, view: str, shape: tuple[int, ...]) -> np.ndarray:
        """Memory for the windows of a view; of their own if TensorFlow takes it over."""
        return self._room_like(view, shape) if view == "log_mel" else _aligned(shape)

    def _for_each_output(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The same values for every output, each in memory of its own.

        TensorFlow takes over an array without copying it where its address allows, and may then
        write into it: targets that three outputs shared were now and then smoothed three times.
        """
        return {output: values.copy() for output in self.options.outputs}

    def augmented(
        self, clip: int, copy: int = 0, *, stream: int | None = None, out: Views | None = None
    ) -> Views:
        """One random window of a clip, as this epoch sees it, of the views the model reads.

        Args:
            clip: Index of the clip.
            copy: Number of the window, for several a clip.
            stream: Stands in the seed for the clip's index, which is the default.
            out: Float32 arrays which become the window, by view; made if not given.
        """
        augment, clips = self.options.augment, self.clips
        stream = clip if stream is None else stream
        key = [self.seed, self.epoch, stream, copy]
        if augment is None:
            raw = clips.raw(clip, self._views)
            return clips.window(clip, self._first(key, n_frames(raw)), raw, out)
        rng = np.random.default_rng(key)
        read = {*self._views, *(("log_mel",) if augment.needs_spectrum else ())}
        if augment.moves_spectrum and "log_mel" in clips.views:
            read -= {"mfcc"}  # it is made of the spectrum that was moved
        raw = augment.window(
            rng,
            clips.raw(clip, read),
            clips.n_window,
            mfcc=self.options.mfcc,
            n_mels=self.options.n_mels,
            wanted=self._views,
        )
        windows = clips.window(clip, 0, raw, out)
        augment.mask(rng, windows, n_frames(raw))
        return windows

    def _first(self, key: list[int], length: int) -> int:
        """First frame of a random window of a clip that is not augmented."""
        spare = length - self.clips.n_window
        return int(np.random.default_rng(key).integers(spare + 1)) if spare > 0 else 0

    def _room_like(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Memory for one more batch of a view or an input, kept from batch to batch."""
        room = self._room.get(name)
        if room is None or room.shape != shape:
            room = self._room[name] = np.empty(shape, np.float32)
        return room

    def _mixing(self, step: int, n_clips: int) -> tuple[np.ndarray, np.ndarray] | None:
        if self.options.augment is None:
            return None
        rng = np.random.default_rng([self.seed, self.epoch, step, MIXING])
        return self.options.augment.mix(rng, n_clips)


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Fresh memory for float32, where TensorFlow can take it over."""
    size, itemsize = math.prod(shape), np.dtype(np.float32).itemsize
    room = np.empty(size + ALIGNMENT // itemsize, np.float32)
    skipped = -room.ctypes.data % ALIGNMENT // itemsize
    return room[skipped : skipped + size].reshape(shape)


def _in_order(values: np.ndarray) -> np.ndarray:
    """The same values in the order of their indices; copied if they lie otherwise."""
    if values.flags.c_contiguous:
        return values
    copy = _aligned(values.shape)
    copy[...] = values
    return copy


def _mix(
    values: np.ndarray, partner: np.ndarray, share: np.ndarray, room: np.ndarray | None = None
) -> np.ndarray:
    """Mix rows with their partners, in place: fresh memory costs more than the arithmetic."""
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    others = np.take(values, partner, axis=0, out=room, mode="clip")  # "raise" would copy once more
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
