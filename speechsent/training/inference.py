"""Outputs of a model for whole clips: every window once, averaged over each clip."""

from collections.abc import Iterable, Mapping

import keras
import numpy as np

from speechsent.clips import Clips, evaluation_batches
from speechsent.errors import TrainingError
from speechsent.fusion import OUTPUT


def clip_outputs(model: keras.Model, clips: Clips, *, batch_size: int = 64) -> np.ndarray:
    """Mean output over each clip's windows, in inference mode.

    Args:
        model: Its (main) output is ``(batch, n_values)``.
        clips: The clips.
        batch_size: Windows evaluated at once.

    Returns:
        Means, float32, shape ``(n_clips, n_values)``.

    Raises:
        TrainingError: If an output is not finite.
    """
    batches = evaluation_batches(clips, batch_size=batch_size)
    outputs = ((batch_outputs(model, inputs), owners) for inputs, owners in batches)
    return mean_by_clip(outputs, len(clips))


def mean_by_clip(outputs: Iterable[tuple[np.ndarray, np.ndarray]], n_clips: int) -> np.ndarray:
    """Average the outputs of windows over the clips they are from.

    Args:
        outputs: Batches of values ``(batch, n_values)`` with the clip index of each row.
        n_clips: Number of clips; each has at least one window.

    Returns:
        Means, float32, shape ``(n_clips, n_values)``.

    Raises:
        TrainingError: If a value is not finite.
    """
    values, owners = (np.concatenate(pieces) for pieces in zip(*outputs, strict=True))
    if not np.isfinite(values).all():
        raise TrainingError("the model's output is not finite; lower fit.learning_rate")
    sums = np.zeros((n_clips, values.shape[1]), np.float32)
    np.add.at(sums, owners, values.astype(np.float32))
    return sums / np.bincount(owners, minlength=n_clips)[:, None].astype(np.float32)


def batch_outputs(
    model: keras.Model, inputs: Mapping[str, np.ndarray], *, at_least: int = 1
) -> np.ndarray:
    """Main output of a model for one batch, in inference mode.

    The batch is filled up to a power of two, so that few sizes are ever traced.

    Args:
        model: Its (main) output is ``(batch, n_values)``.
        inputs: Arrays by name, ``(batch, ...)`` each; the model takes those it knows.
        at_least: Size to which a smaller batch is filled up. In batches of one size a row's output
            is the same bit for bit whatever else is in the batch; between sizes it may differ.

    Returns:
        The output, shape ``(batch, n_values)``.
    """
    n = len(next(iter(inputs.values())))
    n_padded = max(1 << (n - 1).bit_length(), at_least)
    padded = {
        name: np.concatenate([inputs[name], np.repeat(inputs[name][-1:], n_padded - n, axis=0)])
        for name in input_names(model)
    }
    outputs = model.predict_on_batch(padded)
    values: np.ndarray = outputs[OUTPUT] if isinstance(outputs, dict) else outputs
    return values[:n]


def input_names(model: keras.Model) -> list[str]:
    """Names of the inputs a model reads."""
    return [tensor.name for tensor in model.inputs]
