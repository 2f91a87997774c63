"""What a network answers: its last layer, its loss and the score that chooses its epoch.

They are made together, because an output that does not fit its loss trains without complaint.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

import keras
import numpy as np
from keras import layers

from speechsent.concordance import concordance
from speechsent.errors import ParameterError
from speechsent.metrics import unweighted_average_recall


class Asked(Protocol):
    """Clips, or windows of clips, with what is to be answered for each clip."""

    @property
    def classes(self) -> np.ndarray:
        """Class index of each clip; all 0 where numbers are asked for."""

    @property
    def n_classes(self) -> int:
        """Number of emotions; 1 where numbers are asked for."""

    @property
    def targets(self) -> np.ndarray | None:
        """Standardised numbers of each clip, ``(n_clips, n_targets)``; None for classes."""

    @property
    def speakers(self) -> tuple[str | None, ...]:
        """Speaker of each clip, None where unknown; empty if nobody asked."""


@dataclass(frozen=True)
class Classes:
    """One of several emotions: softmax, cross-entropy, UAR.

    Args:
        n: Number of emotions.

    Raises:
        ParameterError: If there are fewer than two.
    """

    n: int
    score: ClassVar[str] = "uar"

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ParameterError(f"a classifier needs two or more classes. Received: {self.n}")

    def layer(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Probabilities, in float32, because rounded ones make a poor loss."""
        return layers.Dense(self.n, activation="softmax", dtype="float32", name=name)(x)

    def loss(self, smoothing: float) -> keras.losses.Loss:
        """Cross-entropy, with a share of each target spread over all classes."""
        return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)

    def wanted(self, clips: Asked) -> np.ndarray:
        """The best possible output of each clip, shape ``(n_clips, n)``."""
        return np.eye(self.n, dtype=np.float32)[clips.classes]

    def judge(self, outputs: np.ndarray, clips: Asked) -> tuple[float, float]:
        """Cross-entropy in nats, and UAR."""
        answers = outputs.argmax(axis=1)
        uar = unweighted_average_recall(clips.classes, answers, n_classes=self.n)
        return cross_entropy(outputs, clips.classes), uar


@dataclass(frozen=True)
class Numbers:
    """Standardised numbers: linear output, mean squared error, CCC.

    Args:
        n: Number of targets.
    """

    n: int
    score: ClassVar[str] = "ccc"

    def layer(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        """Numbers without bounds: what a sigmoid cannot reach would never be told."""
        return layers.Dense(self.n, dtype="float32", name=name)(x)

    def loss(self, smoothing: float) -> keras.losses.Loss:
        """Mean squared error over all targets, which count alike; there is nothing to smooth."""
        del smoothing
        return keras.losses.MeanSquaredError()

    def wanted(self, clips: Asked) -> np.ndarray:
        """The best possible output of each clip, shape ``(n_clips, n)``."""
        return np.asarray(clips.targets, np.float32)

    def judge(self, outputs: np.ndarray, clips: Asked) -> tuple[float, float]:
        """Mean squared error, and the mean CCC of all targets."""
        truth = self.wanted(clips)
        found = [concordance(x, y) for x, y in zip(truth.T, outputs.T, strict=True)]
        return float(np.mean((truth - outputs) ** 2)), float(np.mean(found))


Answer = Classes | Numbers


def answer_of(clips: Asked) -> Answer:
    """What is asked about some clips."""
    return Classes(clips.n_classes) if clips.targets is None else Numbers(clips.targets.shape[1])


def cross_entropy(probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Mean negative log-probability of the true classes, in nats."""
    true = probabilities[np.arange(len(classes)), classes]
    return float(-np.log(np.maximum(true, 1e-7)).mean())
