"""Outputs of a model for whole clips: every window once, averaged over each clip."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary, ref

import keras
import numpy as np

from speechsent.clips import Clips, evaluation_batches
from speechsent.errors import TrainingError
from speechsent.fusion import OUTPUT
from speechsent.recognised import AT_ONCE

Forward = Callable[[Mapping[str, np.ndarray]], np.ndarray]

_forwards: WeakKeyDictionary[keras.Model, Forward] = WeakKeyDictionary()


def clip_outputs(model: keras.Model, clips: Clips, *, batch_size: int = AT_ONCE) -> np.ndarray:
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

    Args:
        model: Its (main) output is ``(batch, n_values)``.
        inputs: Arrays by name, ``(batch, ...)`` each; the model takes those it knows.
        at_least: Size to which a smaller batch is filled up. In batches of one size a row's output
            is the same bit for bit whatever else is in the batch; between sizes it may differ.

    Returns:
        The output, shape ``(batch, n_values)``.
    """
    n = len(next(iter(inputs.values())))
    n_missing = max(at_least - n, 0)
    padded = {
        name: np.concatenate([inputs[name], np.repeat(inputs[name][-1:], n_missing, axis=0)])
        for name in input_names(model)
    }
    return forward(model)(padded)[:n]


def forward(model: keras.Model) -> Forward:
    """A model's main output in inference mode, as one graph for any number of windows.

    ``predict`` costs twice as much. ``predict_on_batch`` compiles for the first batch size it
    meets and for any size at the second, and the two differ in the last bits: what it answers
    depends on what the model was shown before.

    Args:
        model: Its (main) output is ``(batch, n_values)``. The graph is kept as long as the model
            is, and reads the weights that the model has when it is called.

    Returns:
        Takes arrays by name of input, ``(batch, ...)`` each, and all inputs of the model.
    """
    if model not in _forwards:
        _forwards[model] = _compiled(model)
    return _forwards[model]


def _compiled(model: keras.Model) -> Forward:
    import tensorflow as tf

    known: Callable[[], Any] = ref(model)  # the graph may not keep alive what it is kept for

    def main_output(inputs: dict[str, Any]) -> Any:
        outputs = known()(inputs, training=False)
        return outputs[OUTPUT] if isinstance(outputs, dict) else outputs

    specs = {t.name: tf.TensorSpec((None, *t.shape[1:]), t.dtype) for t in model.inputs}
    graph: Any = tf.function(main_output, input_signature=[specs])
    return lambda inputs: graph({name: inputs[name] for name in specs}).numpy()


def input_names(model: keras.Model) -> list[str]:
    """Names of the inputs a model reads."""
    return [tensor.name for tensor in model.inputs]
