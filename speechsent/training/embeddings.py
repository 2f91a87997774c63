"""Embeddings of frozen branches: computed once, so that the head trains in seconds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np

from speechsent.datasets import (
    Clips,
    Inputs,
    SeededBatches,
    TrainingBatches,
    evaluation_batches,
    to_inputs,
)
from speechsent.training.inference import batch_outputs, mean_by_clip
from speechsent.training.store import EmbeddingStore, embedding_key


@dataclass(frozen=True)
class Embedded:
    """Windows as the frozen branches see them.

    Args:
        embeddings: By branch, each ``(n_windows, n_features)``.
        owners: Index of the clip each window is from, shape ``(n_windows,)``.
        classes: Class index of each clip, shape ``(n_clips,)``.
        n_classes: Number of emotions.
    """

    embeddings: Mapping[str, np.ndarray]
    owners: np.ndarray
    classes: np.ndarray
    n_classes: int


def embed_training(
    branches: Mapping[str, keras.Model],
    batches: TrainingBatches,
    copies: int,
    store: EmbeddingStore | None = None,
) -> Embedded:
    """Embed ``copies`` augmented windows of each training clip.

    Args:
        branches: Embedding models by name.
        batches: Makes the windows; its epoch and seed decide which.
        copies: Windows of each clip.
        store: Where outputs are kept between runs; None keeps nothing.
    """
    told = f"{copies} copies of epoch {batches.epoch} with {batches.options}"
    windows = partial(_training_windows, batches, copies)
    return _embed(branches, batches.clips, windows, told, store)


def embed_clips(
    branches: Mapping[str, keras.Model], clips: Clips, store: EmbeddingStore | None = None
) -> Embedded:
    """Embed the windows that cover each clip; nothing random.

    Args:
        branches: Embedding models by name.
        clips: The clips.
        store: Where outputs are kept between runs; None keeps nothing.
    """
    return _embed(branches, clips, partial(evaluation_batches, clips), "all windows", store)


def _training_windows(batches: TrainingBatches, copies: int) -> Iterator[tuple[Inputs, np.ndarray]]:
    """Augmented windows, batch by batch, with the clip each is from."""
    n_clips = len(batches.clips)
    for copy in range(1, copies + 1):
        for first in range(0, n_clips, batches.batch_size):
            clips = np.arange(first, min(first + batches.batch_size, n_clips))
            yield to_inputs([batches.augmented(int(clip), copy) for clip in clips]), clips


def _embed(
    branches: Mapping[str, keras.Model],
    clips: Clips,
    windows: Callable[[], Iterator[tuple[Inputs, np.ndarray]]],
    told: str,
    store: EmbeddingStore | None,
) -> Embedded:
    """Take from the store what is there; show the windows to the other branches, once."""
    keys = {}
    kept: dict[str, np.ndarray | None] = dict.fromkeys(branches)
    if store is not None:
        shown = f"{clips.digest()} {told}"
        keys = {name: embedding_key(branch, shown) for name, branch in branches.items()}
        kept = {name: store.load(key) for name, key in keys.items()}
    missing = [name for name, values in kept.items() if values is None]
    if missing:
        pieces: dict[str, list[np.ndarray]] = {name: [] for name in missing}
        for inputs, owners in windows():
            for name in missing:
                values = batch_outputs(branches[name], inputs)
                pieces[name].append(np.column_stack([owners, values]).astype(np.float32))
        for name in missing:
            kept[name] = table = np.concatenate(pieces[name])
            if store is not None:
                store.save(keys[name], table)
    tables = {name: table for name, table in kept.items() if table is not None}
    owners = next(iter(tables.values()))[:, 0].astype(int)
    embeddings = {name: np.ascontiguousarray(table[:, 1:]) for name, table in tables.items()}
    return Embedded(embeddings, owners, clips.classes, clips.n_classes)


def head_outputs(head: keras.Model, embedded: Embedded) -> np.ndarray:
    """Probabilities of each clip: the head's, averaged over the clip's windows.

    Returns:
        Shape ``(n_clips, n_classes)``.
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
        one_hot = np.eye(embedded.n_classes, dtype=np.float32)
        self.targets = one_hot[embedded.classes[embedded.owners]]
        self.weights = weights[embedded.owners].astype(np.float32)

    def __getitem__(self, step: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Embeddings, targets and weights of one batch."""
        chosen = self.chosen(step)
        inputs = {name: values[chosen] for name, values in self.embedded.embeddings.items()}
        return inputs, self.targets[chosen], self.weights[chosen]
