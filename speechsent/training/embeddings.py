"""Embeddings of frozen branches: computed once, so that the head trains in seconds."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np
from threadpoolctl import threadpool_limits

from speechsent.answers import answer_of
from speechsent.batches import SeededBatches
from speechsent.clips import Clips, evaluation_windows, to_inputs, views_of
from speechsent.datasets import TrainingBatches
from speechsent.features.voice import Views
from speechsent.training.inference import batch_outputs, input_names, mean_by_clip
from speechsent.training.store import EmbeddingStore, branch_key

FORMAT = 2  # raise it when copies look otherwise in a way that the options do not show
BATCH = 32  # windows a branch is shown at once; always as many, so that outputs never differ
GATHERED = 64  # batches of a head that are taken from memory at once, which one by one costs more


@dataclass(frozen=True)
class Embedded:
    """Windows as the frozen branches see them.

    Args:
        embeddings: By branch, each ``(n_windows, n_features)``.
        owners: Index of the clip each window is from, shape ``(n_windows,)``.
        classes: Class index of each clip, shape ``(n_clips,)``.
        n_classes: Number of emotions.
        targets: Standardised numbers of each clip, ``(n_clips, n_targets)``; None for emotions.
        speakers: Speaker of each clip, None where unknown; empty if nobody asked.
    """

    embeddings: Mapping[str, np.ndarray]
    owners: np.ndarray
    classes: np.ndarray
    n_classes: int
    targets: np.ndarray | None = None
    speakers: tuple[str | None, ...] = ()

    def through(self, networks: Mapping[str, keras.Model]) -> "Embedded":
        """Replace some branches' embeddings by what a network of one input makes of them."""
        further = {
            name: _in_batches(network, self.embeddings[name]) for name, network in networks.items()
        }
        return replace(self, embeddings={**self.embeddings, **further})


def embed_training(
    branches: Mapping[str, keras.Model],
    batches: TrainingBatches,
    copies: int,
    store: EmbeddingStore | None = None,
) -> Embedded:
    """Embed ``copies`` augmented windows of each training clip.

    What a copy looks like depends on the clip's name and not on its place among the training
    clips, so that another fold finds the copies of the clips it shares.

    Args:
        branches: Embedding models by name.
        batches: Makes the windows; its epoch and seed decide which.
        copies: Windows of each clip.
        store: Where outputs are kept between runs; None keeps nothing.
    """
    options, clips = batches.options, batches.clips
    # What makes a batch but not a window would only hide windows that are kept.
    told = repr(replace(options, batch_size=1, inputs=(), outputs=(), class_weights=False))
    told = f"{FORMAT} {copies} copies of epoch {batches.epoch} with {told}"
    needs_spectrum = options.augment is not None and options.augment.needs_spectrum
    also = ("log_mel",) if needs_spectrum else ()
    per_clip = {}
    for name, branch in branches.items():
        own = TrainingBatches(clips, replace(options, inputs=tuple(input_names(branch))))
        own.start(batches.epoch)
        keys = [_key(clips, i, branch, f"{told} {clips.ids[i]}", also) for i in range(len(clips))]
        per_clip[name] = _outputs(branch, partial(_copies, own, copies), keys, store)
    return _joined(per_clip, clips)


def embed_clips(
    branches: Mapping[str, keras.Model], clips: Clips, store: EmbeddingStore | None = None
) -> Embedded:
    """Embed the windows that cover each clip; nothing random.

    Args:
        branches: Embedding models by name.
        clips: The clips.
        store: Where outputs are kept between runs; None keeps nothing.
    """
    per_clip = {}
    for name, branch in branches.items():
        views = views_of(input_names(branch))
        keys = [_key(clips, i, branch, "all windows") for i in range(len(clips))]
        windows = partial(evaluation_windows, clips, views=views)
        per_clip[name] = _outputs(branch, windows, keys, store)
    return _joined(per_clip, clips)


def _copies(batches: TrainingBatches, copies: int, clip: int) -> list[Views]:
    """Augmented windows of one clip."""
    stream = zlib.crc32(batches.clips.ids[clip].encode())
    return [batches.augmented(clip, copy, stream=stream) for copy in range(1, copies + 1)]


def _key(
    clips: Clips, clip: int, branch: keras.Model, told: str, also: Sequence[str] = ()
) -> bytes:
    """32 bytes that name what a branch is shown of a clip."""
    shown = clips.digest(clip, views_of(input_names(branch)), also)
    return hashlib.sha256(f"{told} {shown}".encode()).digest()


def _outputs(
    branch: keras.Model,
    windows: Callable[[int], Sequence[Views]],
    keys: Sequence[bytes],
    store: EmbeddingStore | None,
) -> list[np.ndarray]:
    """Outputs of a branch by clip: what is kept is taken, the rest is computed and kept."""
    if store is None:
        return _computed(branch, windows, range(len(keys)))
    name = branch_key(branch)
    kept = store.find(name, keys)
    missing = [clip for clip, values in enumerate(kept) if values is None]
    fresh = _computed(branch, windows, missing)
    if missing:
        store.keep(name, [keys[clip] for clip in missing], fresh)
    found = dict(zip(missing, fresh, strict=True))
    return [found[clip] if values is None else values for clip, values in enumerate(kept)]


def _computed(
    branch: keras.Model, windows: Callable[[int], Sequence[Views]], clips: Sequence[int]
) -> list[np.ndarray]:
    """Show a branch all windows of some clips, in batches that do not stop at a clip's end."""
    counts: list[int] = []

    def shown() -> Iterator[Views]:
        for clip in clips:
            own = windows(clip)
            counts.append(len(own))
            yield from own

    pieces, batch = [], []
    with threadpool_limits(1, user_api="blas"):  # its threads would wait beside TensorFlow's
        for window in shown():
            batch.append(window)
            if len(batch) == BATCH:
                pieces.append(_batch(branch, batch))
                batch = []
    if batch:
        pieces.append(_batch(branch, batch))
    if not pieces:
        return []
    return np.split(np.concatenate(pieces).astype(np.float32), np.cumsum(counts)[:-1])


def _batch(branch: keras.Model, windows: Sequence[Views]) -> np.ndarray:
    return batch_outputs(branch, to_inputs(windows), at_least=BATCH)


def _joined(per_clip: Mapping[str, Sequence[np.ndarray]], clips: Clips) -> Embedded:
    counts = [len(values) for values in next(iter(per_clip.values()))]
    return Embedded(
        {name: np.concatenate(values) for name, values in per_clip.items()},
        np.repeat(np.arange(len(clips)), counts),
        clips.classes,
        clips.n_classes,
        clips.targets,
        clips.speakers,
    )


def _in_batches(network: keras.Model, values: np.ndarray) -> np.ndarray:
    (name,) = input_names(network)
    step = 1024
    return np.concatenate(
        [
            batch_outputs(network, {name: values[first : first + step]})
            for first in range(0, len(values), step)
        ]
    )


def head_outputs(head: keras.Model, embedded: Embedded) -> np.ndarray:
    """Answer for each clip: the head's, averaged over the clip's windows.

    Returns:
        Shape ``(n_clips, n_outputs)``.
    """
    values = batch_outputs(head, embedded.embeddings)
    return mean_by_clip([(values, embedded.owners)], len(embedded.classes))


class HeadBatches(SeededBatches):
    """Shuffled batches of embeddings; the order is a function of (seed, epoch).

    Args:
        embedded: Training windows.
        weights: Weight of each clip, shape ``(n_clips,)``.
        batch_size: Windows in a batch.
        seed: Seed of the order.
    """

    def __init__(
        self, embedded: Embedded, weights: np.ndarray, *, batch_size: int, seed: int
    ) -> None:
        super().__init__(len(embedded.owners), batch_size, seed)
        self.embedded = embedded
        self.targets = answer_of(embedded).wanted(embedded)[embedded.owners]
        self.weights = weights[embedded.owners].astype(np.float32)

    def feed(self) -> Any:
        """The batches as ``tf.data``: in memory, so that only one of many waits for Python.

        The order of an epoch is asked of Python, because a variable would be one on each of
        several devices, where ``tf.data`` does not look.
        """
        import tensorflow as tf

        arrays = (dict(self.embedded.embeddings), self.targets, self.weights)
        with tf.device("CPU:0"):
            held = tf.nest.map_structure(lambda a: tf.constant(a, tf.float32), arrays)

        def rows(first: np.ndarray) -> np.ndarray:
            order = self._order[: len(self) * self.batch_size].reshape(-1, self.batch_size)
            return order[first : first + GATHERED]

        def several(first: Any) -> Any:
            chosen = tf.numpy_function(rows, [first], tf.int64)
            chosen = tf.ensure_shape(chosen, (None, self.batch_size))
            batches = tf.nest.map_structure(lambda a: tf.gather(a, chosen), held)
            return tf.data.Dataset.from_tensor_slices(batches)

        made = tf.data.Dataset.range(0, len(self), GATHERED).flat_map(several)
        return made.apply(tf.data.experimental.assert_cardinality(len(self)))

    def __getitem__(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Embeddings, targets and weights of one batch."""
        chosen = self.chosen(step)
        inputs = {name: values[chosen] for name, values in self.embedded.embeddings.items()}
        return inputs, self.targets[chosen], self.weights[chosen]
