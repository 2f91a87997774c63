"""What each branch adds: hold what it says at the training mean, and score again."""

from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy as np

from speechsent.branches.functionals import NAME as FUNCTIONALS
from speechsent.centring import centred
from speechsent.clips import Clips, evaluation_batches
from speechsent.fusion import AGREED
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
    branches: Mapping[str, keras.Model],
    model: keras.Model,
    clips: Clips,
    train: Clips,
    *,
    centre: bool = False,
) -> list[Contribution]:
    """Score without each branch in turn, and without the functionals if there are any.

    Args:
        branches: The branches by name; with one alone there is nothing to compare.
        model: The network of these branches.
        clips: The clips to score.
        train: Training clips, or some of them, whose mean embedding replaces a branch's own.
        centre: Whether answers are centred by speaker.
    """
    if len(branches) < 2:
        return []
    parts = dict(branches)
    if _has(model, FUNCTIONALS):
        parts[FUNCTIONALS] = model.get_layer(FUNCTIONALS)
    means = {name: _embedded(part, train)[0].mean(axis=0) for name, part in parts.items()}
    own = {name: _embedded(part, clips) for name, part in parts.items()}
    owners = next(iter(own.values()))[1]
    said = {name: values for name, (values, _) in own.items()}

    def score(said: Mapping[str, np.ndarray]) -> float:
        outputs = mean_by_clip([(_answers(model, said), owners)], len(clips))
        if centre:
            outputs = centred(outputs, clips.speakers)
        return clips.answer.judge(outputs, clips)[1]

    whole = score(said)
    found = []
    for name, mean in means.items():
        left = score({**said, name: np.broadcast_to(mean, said[name].shape)})
        found.append(Contribution(name, left, whole - left))
    return found


def _has(model: keras.Model, name: str) -> bool:
    return any(layer.name == name for layer in model.layers)


def _answers(model: keras.Model, said: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the network says of windows of which its parts say this."""
    embeddings = {name: values for name, values in said.items() if name != FUNCTIONALS}
    head = model.get_layer("fusion_head")
    outputs = np.asarray(head.predict(embeddings, batch_size=1024, verbose=0))
    if FUNCTIONALS not in said:
        return outputs
    return np.asarray(model.get_layer(AGREED)([outputs, said[FUNCTIONALS]]))


def _embedded(branch: keras.Model, clips: Clips) -> tuple[np.ndarray, np.ndarray]:
    """Embedding of each window, and the clip each is from."""
    pairs = [
        (batch_outputs(branch, inputs), owners) for inputs, owners in evaluation_batches(clips)
    ]
    values, owners = (np.concatenate(pieces) for pieces in zip(*pairs, strict=True))
    return values.astype(np.float32), owners
