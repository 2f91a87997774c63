"""How long an epoch will take and how much memory training needs, said while it can be stopped."""

import os
import time
from pathlib import Path

import keras
import numpy as np

from speechsent.branches.batchnorm import leaves
from speechsent.training.listener import Listener, clock

MIB = 1 << 20
STEPS = 5  # steps measured; the first, which compiles, is not among them
# Fitted to peaks measured with InceptionV3 and VGG16, frozen and fine-tuned: within a quarter.
IMPORTED = 613  # MiB of a process that has imported TensorFlow
WORKSPACE = 300  # MiB for convolutions that are trained


def expected_memory(model: keras.Model, batch_size: int) -> float:
    """Estimate the peak memory of a training process in MiB, features aside.

    Trained layers keep their outputs for the backward pass, and each weight has a gradient and
    two optimiser slots; frozen layers in front of them keep only what is being computed.

    Args:
        model: The model, with what is to train already set.
        batch_size: Clips in a step.
    """
    layers = list(leaves(model))
    outputs = [_n_values(layer) * batch_size * 4 / MIB for layer in layers]
    trained = [i for i, layer in enumerate(layers) if layer.trainable_variables]
    first = trained[0] if trained else len(layers)
    weights = sum(np.prod(v.shape) for v in model.trainable_variables) * 4 / MIB
    frozen = model.count_params() * 4 / MIB - weights
    kept = sum(outputs[first:])
    passing = max(4 * max(outputs[:first], default=0.0), WORKSPACE if weights else 0.0)
    return float(IMPORTED + frozen + 4 * weights + kept + passing)


def _n_values(layer: keras.layers.Layer) -> int:
    """Numbers in a layer's output for one clip; unknown lengths count once."""
    tensors = layer.output if isinstance(layer.output, list) else [layer.output]
    return sum(int(np.prod([d or 1 for d in tensor.shape[1:]])) for tensor in tensors)


def available_memory() -> float | None:
    """Memory that could be used now without swapping, in MiB; None where nobody says."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MIB
    except (ValueError, OSError, AttributeError):
        return None


def warn_of_memory(expected: float, listener: Listener) -> None:
    """Say before training that it will probably not fit, and what would.

    Args:
        expected: Expected peak in MiB.
        listener: Who is told.
    """
    available = available_memory()
    if available is not None and expected > available:
        listener.note(
            f"warning: training needs about {expected:.0f} MiB and {available:.0f} MiB are free; "
            "lower fit.batch_size or cnn.image_size, or freeze more of the network"
        )


class Forecast(keras.callbacks.Callback):
    """After a few steps, tell the time and memory of an epoch.

    Args:
        listener: Who is told.
        stage: Name of the stage.
        epochs: Most epochs.
        n_steps: Steps in an epoch.
        memory: Expected peak in MiB.
        first_step: The step that training goes on with; those before it are passed over.
    """

    def __init__(
        self,
        listener: Listener,
        stage: str,
        epochs: int,
        n_steps: int,
        memory: float,
        first_step: int = 0,
    ) -> None:
        super().__init__()
        self.first_step = first_step
        self.listener, self.stage, self.memory = listener, stage, memory
        self.epochs, self.n_steps = epochs, n_steps
        self.told = False
        self.started = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Take the time after the first step and a few later."""
        if self.told:
            return
        n_measured = batch - self.first_step
        if n_measured == 0:
            self.started = time.monotonic()
        elif n_measured > 0 and batch == min(self.first_step + STEPS, self.n_steps - 1):
            self.told = True
            epoch = (time.monotonic() - self.started) / n_measured * self.n_steps
            self.listener.note(
                f"{self.stage}: about {clock(epoch)} an epoch of {self.n_steps} steps, at most "
                f"{clock(epoch * self.epochs)} for {self.epochs}; about {self.memory:.0f} MiB"
            )
