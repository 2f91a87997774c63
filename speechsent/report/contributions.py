"""What each branch adds: hold its embedding at the training mean, and score again."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from speechsent.clips import Clips, evaluation_batches
from speechsent.training.inference import batch_outputs, mean_by_clip

N_TRAINING = 128  # clips whose mean embedding stands for a silenced branch


@dataclass(frozen=True)
class Contribution:
    """What is left without one branch.

    Args:
        branch: Name of the branch that is held.
        score: UAR, or the mean CCC, without it.
        lost: The score with all branches, less that without this one.
    """

    branch: str
    score: float
    lost: float


def contributions(
    branches: Mapping[str, keras.Model], model: keras.Model, clips: Clips, train: Clips
) -> list[Contribution]:
    """Score without each branch in turn.

    Args:
        branches: The branches by name; with one alone there is nothing to compare.
        model: The network of these branches.
        clips: The clips to score.
        train: Training clips, or some of them, whose mean embedding replaces a branch's own.
    """
    if len(branches) < 2:
        return []
    head = model.get_layer("fusion_head")
    means = {name: _embedded(branch, train)[0].mean(axis=0) for name, branch in branches.items()}
    own = {name: _embedded(branch, clips) for name, branch in branches.items()}
    owners = next(iter(own.values()))[1]
    embeddings = {name: values for name, (values, _) in own.items()}
    whole = _score(head, embeddings, owners, clips)
    found = []
    for name, mean in means.items():
        held = {**embeddings, name: np.broadcast_to(mean, embeddings[name].shape)}
        score = _score(head, held, owners, clips)
        found.append(Contribution(name, score, whole - score))
    return found


def _embedded(branch: keras.Model, clips: Clips) -> tuple[np.ndarray, np.ndarray]:
    """Embedding of each window, and the clip each is from."""
    pairs = [
        (batch_outputs(branch, inputs), owners) for inputs, owners in evaluation_batches(clips)
    ]
    values, owners = (np.concatenate(pieces) for pieces in zip(*pairs, strict=True))
    return values.astype(np.float32), owners


def _score(
    head: keras.Model, embeddings: Mapping[str, np.ndarray], owners: np.ndarray, clips: Clips
) -> float:
    outputs = np.asarray(head.predict(embeddings, batch_size=1024, verbose=0))
    return clips.answer.judge(mean_by_clip([(outputs, owners)], len(clips)), clips)[1]
