"""Layers behind a variable that starts at 0, such as a residual branch let in by BatchNorm later.

They get no gradient in the first step, and need none: the variable itself gets one, and opens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from speechsent.doctor.heads import Head
from speechsent.doctor.probe import Step, run_backwards

AJAR = 0.01


def first_step(model: keras.Model, x: Any, heads: Sequence[Head], chosen: np.ndarray) -> Step:
    """Run a batch in training mode, and back; layers that a step will open are left out.

    Args:
        model: The model.
        x: The batch, as the model takes it.
        heads: Its outputs, all with a loss and targets.
        chosen: Rows of the targets that belong to the batch.
    """
    step = run_backwards(model, x, heads, chosen)
    still = {layer for layer, found in step.gradients.items() if not any(found)}
    opened = list(_opened(model, step)) if still else []
    if not opened:
        return step
    later = run_backwards(model, x, heads, chosen, values=opened).gradients
    waiting = {layer for layer in still if any(later[layer])}
    reached = {layer: found for layer, found in step.gradients.items() if layer not in waiting}
    return replace(step, gradients=reached)


def _opened(model: keras.Model, step: Step) -> Iterator[tuple[keras.Variable, np.ndarray]]:
    """Variables of zeros that a step would move, each a little away from 0."""
    rng = np.random.default_rng(0)
    found = {layer: iter(gradients) for layer, gradients in step.gradients.items()}
    for variable in model.trainable_variables:
        gradient = next(found[variable.path.rpartition("/")[0] or variable.path])
        if gradient and not np.any(keras.ops.convert_to_numpy(variable)):
            yield variable, rng.normal(0, AJAR, variable.shape).astype("float32")
