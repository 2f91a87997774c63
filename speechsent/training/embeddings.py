"""Embeddings of frozen branches: computed once, so that the head trains in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from speechsent.datasets import (
    Clips,
    SeededBatches,
    TrainingBatches,
    evaluation_batches,
    to_inputs,
)
from speechsent.training.inference import batch_outputs, mean_by_clip


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
    branches: Mapping[str, keras.Model], batches: TrainingBatches, copies: int
) -> Embedded:
    """Embed ``copies`` augmented windows of each training clip.

    Args:
        branches: Embedding models by name.
        batches: Makes the windows; its epoch and seed decide which.
        copies: Windows of each clip.
    """
    n_clips = len(batches.clips)
    pieces: dict[str, list[np.ndarray]] = {name: [] for name in branches}
    for copy in range(1, copies + 1):
        for first in range(0, n_clips, batches.batch_size):
            clips = range(first, min(first + batches.batch_size, n_clips))
            inputs = to_inputs([batches.augmented(clip, copy) for clip in clips])
            for name, values in _embed(branches, inputs).items():
                pieces[name].append(values)
    return Embedded(
        {name: np.concatenate(values) for name, values in pieces.items()},
        np.tile(np.arange(n_clips), copies),
        batches.clips.classes,
        batches.clips.n_classes,
    )


def embed_clips(branches: Mapping[str, keras.Model], clips: Clips) -> Embedded:
    """Embed the windows that cover each clip; nothing random."""
    pieces: dict[str, list[np.ndarray]] = {name: [] for name in branches}
    owners = []
    for inputs, owner in evaluation_batches(clips):
        owners.append(owner)
        for name, values in _embed(branches, inputs).items():
            pieces[name].append(values)
    embeddings = {name: np.concatenate(values) for name, values in pieces.items()}
    return Embedded(embeddings, np.concatenate(owners), clips.classes, clips.n_classes)


def _embed(
    branches: Mapping[str, keras.Model], inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    return {name: batch_outputs(branch, inputs) for name, branch in branches.items()}


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
