"""From samples to answers in one graph: what a recogniser does to a clip, without its Python."""

from collections.abc import Callable

import tensorflow as tf

from speechsent.evaluation.calibration import FLOOR
from speechsent.exporting.features import Tensor, views
from speechsent.features.image import CONTRAST
from speechsent.features.standardize import Statistics
from speechsent.recogniser import Recogniser
from speechsent.training.inference import input_names

SIGNAL, WINDOWS = "signal", "windows"
Graph = Callable[[Tensor], dict[str, Tensor]]


def answering(recogniser: Recogniser, name: str) -> Graph:
    """A graph from samples ``(n_samples,)`` to the answer for the clip and for its windows.

    Args:
        recogniser: Whose model, statistics and calibration it holds.
        name: Of the clip's answer, ``(n_outputs,)``; those of its windows, ``(n_windows,
            n_outputs)``, are called ``"windows"`` and not calibrated.
    """

    def graph(signal: Tensor) -> dict[str, Tensor]:
        inputs = model_inputs(signal, recogniser)
        windows = _in_units(recogniser.model(inputs, training=False), recogniser)
        answer = _calibrated(tf.reduce_mean(windows, axis=0), recogniser)
        return {name: tf.identity(answer, name), WINDOWS: tf.identity(windows, WINDOWS)}

    return graph


def answering_window_by_window(recogniser: Recogniser, name: str) -> Graph:
    """The same in a loop over the windows, and without their answers.

    LiteRT runs an LSTM only on a batch whose size it knows beforehand, and reads no variable in a
    loop: weights are constants here.
    """
    model = recogniser.model
    weights = [
        [tf.constant(variable.numpy()) for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables)
    ]

    def graph(signal: Tensor) -> dict[str, Tensor]:
        inputs = model_inputs(signal, recogniser)
        n_windows = tf.shape(next(iter(inputs.values())))[0]

        def step(i: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
            window = {key: tf.gather(values, i)[None] for key, values in inputs.items()}
            outputs, _ = model.stateless_call(*weights, window, training=False)
            return i + 1, total + outputs[0]

        total = tf.zeros(len(recogniser.labels))
        _, total = tf.while_loop(lambda i, _: i < n_windows, step, (tf.constant(0), total))
        mean = _in_units(total / tf.cast(n_windows, tf.float32), recogniser)
        return {name: tf.identity(_calibrated(mean, recogniser), name)}

    return graph


def model_inputs(signal: Tensor, recogniser: Recogniser) -> dict[str, Tensor]:
    """What the model reads of a clip, ``(n_windows, ...)`` each."""
    found, n_frames = views(signal, recogniser.extractor)
    n_window = recogniser.run.config.n_window
    frames = window_starts(n_frames, n_window)[:, None] + tf.range(n_window)[None]
    known = (frames < n_frames)[..., None]
    inputs = {}
    for view, values in found.items():
        standard = _standard(values, recogniser.statistics[view])
        window = tf.gather(standard, tf.minimum(frames, n_frames - 1))
        inputs[view] = tf.where(known, window, 0.0)
    if "log_mel" in inputs:
        inputs["image"] = _image(inputs.pop("log_mel"))
    return {name: inputs[name] for name in input_names(recogniser.model)}


def window_starts(n_frames: Tensor, n_window: int) -> Tensor:
    """First frames of the half-overlapping windows that cover a clip, ``(n_windows,)``.

    Those of ``speechsent.clips.window_starts``, in whole numbers; ties go to the even one.
    """
    spare = tf.maximum(n_frames - n_window, 0)
    gaps = (2 * spare + n_window - 1) // n_window
    divisor = tf.maximum(gaps, 1)
    # Whole steps and the rest apart: their product alone would leave 32 bits after an hour.
    number = tf.range(gaps + 1)
    doubled = 2 * (spare % divisor) * number + divisor
    rest = doubled // (2 * divisor)
    rounded = spare // divisor * number + rest
    tie = tf.equal(rest * 2 * divisor, doubled)
    return tf.where(tie, rounded - rounded % 2, rounded)


def _standard(values: Tensor, statistics: Statistics) -> Tensor:
    return (values - tf.constant(statistics.mean)) / tf.constant(statistics.scale)


def _image(log_mel: Tensor) -> Tensor:
    """Grey images ``(n_windows, n_mels, n_frames, 1)``, low frequencies at the bottom row."""
    grey = tf.clip_by_value(log_mel * (0.5 / CONTRAST) + 0.5, 0.0, 1.0)
    return tf.transpose(grey, (0, 2, 1))[:, ::-1, :, None]


def _in_units(outputs: Tensor, recogniser: Recogniser) -> Tensor:
    """Numbers in the units of their columns; probabilities as they are."""
    scale = recogniser.scale
    if scale is None:
        return outputs
    return outputs * tf.constant(scale.sd, tf.float32) + tf.constant(scale.mean, tf.float32)


def _calibrated(answer: Tensor, recogniser: Recogniser) -> Tensor:
    """The softmax of ``log(p) / temperature``, where the run has a temperature."""
    if recogniser.calibration is None:
        return answer
    return tf.nn.softmax(
        tf.math.log(tf.maximum(answer, FLOOR)) / recogniser.calibration.temperature
    )
