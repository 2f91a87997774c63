"""Convolutions over time that know where a clip ends: padding stays exactly zero."""

from typing import Any

import keras
from keras import layers, ops

from speechsent.errors import ParameterError
from speechsent.typed import shown

MAX_DEPTH, MAX_CHANNELS, MAX_DILATION = 8, 4096, 64
MOMENTUM = 0.9  # of BatchNorm: with a few dozen steps an epoch the usual 0.99 lags for epochs


def check_context(channels: int, dilations: tuple[int, ...], *, fewest: int = 1) -> None:
    """Refuse convolutions over time that cannot be meant, whoever wrote the configuration.

    Args:
        channels: Their channels.
        dilations: Distance of the neighbours in each.
        fewest: Fewest channels; 0 where there may be no convolution.

    Raises:
        ParameterError: If either is out of range.
    """
    near = all(1 <= dilation <= MAX_DILATION for dilation in dilations)
    if len(dilations) > MAX_DEPTH or not near or not fewest <= channels <= MAX_CHANNELS:
        raise ParameterError(
            f"dilations are at most {MAX_DEPTH} numbers from 1 to {MAX_DILATION}, and channels lie "
            f"in [{fewest}, {MAX_CHANNELS}]. Received: dilations={shown(dilations)}, "
            f"channels={channels}"
        )


@keras.saving.register_keras_serializable("speechsent")
class FramesInUse(keras.layers.Layer):
    """1 for frames of the clip and 0 for padding, whose values are all exactly 0.

    Args:
        axes: Axes over which a frame's values lie.
        stride: Keep every so many frames only.
    """

    def __init__(self, *, axes: tuple[int, ...] = (2,), stride: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axes, self.stride = tuple(axes), stride

    def call(self, inputs: Any) -> Any:
        """Map values to ``(batch, n_frames / stride, 1)``."""
        loudest = ops.max(ops.absolute(inputs), axis=self.axes)
        return ops.cast(loudest > 0, self.compute_dtype)[:, :: self.stride, None]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the weights of frames."""
        kept = [n for axis, n in enumerate(input_shape) if axis not in self.axes]
        frames = kept[1] if kept[1] is None else -(-kept[1] // self.stride)
        return (kept[0], frames, 1)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), "axes": self.axes, "stride": self.stride}


def halved(
    sequence: keras.KerasTensor, used: keras.KerasTensor, *, channels: int, name: str
) -> keras.KerasTensor:
    """A convolution over five frames, of which every second is kept, BatchNorm and ReLU.

    It is padded by hand, because where Keras begins would depend on the number of frames.

    Args:
        sequence: ``(batch, n_frames, n_values)``.
        used: Which of the kept frames are in use, ``(batch, n_frames / 2, 1)``.
        channels: Values of a frame afterwards.
        name: Beginning of the layers' names.
    """
    x = layers.ZeroPadding1D(2, name=f"{name}_padding")(sequence)
    x = layers.Conv1D(channels, 5, strides=2, use_bias=False, name=f"{name}_conv")(x)
    return _activated(x, used, name)


def context(
    sequence: keras.KerasTensor, used: keras.KerasTensor, *, dilation: int, name: str
) -> keras.KerasTensor:
    """Add to each frame what a convolution makes of it and its neighbours.

    Args:
        sequence: ``(batch, n_frames, n_values)``, zero where not in use.
        used: Which frames are in use, ``(batch, n_frames, 1)``.
        dilation: Distance of the neighbours in frames.
        name: Beginning of the layers' names.

    References:
        Peddinti, Povey, Khudanpur (2015). A time delay neural network architecture.
        https://doi.org/10.21437/Interspeech.2015-647
    """
    around = layers.Conv1D(
        sequence.shape[-1],
        3,
        padding="same",
        dilation_rate=dilation,
        use_bias=False,
        name=f"{name}_conv",
    )(sequence)
    return layers.Add(name=f"{name}_sum")([sequence, _activated(around, used, name)])


def _activated(x: keras.KerasTensor, used: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """BatchNorm and ReLU, and zero again where there is padding."""
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_bn")(x)
    x = layers.ReLU(name=f"{name}_relu")(x)
    return layers.Multiply(name=f"{name}_used")([x, used])


def mixed(
    sequence: keras.KerasTensor, used: keras.KerasTensor, *, channels: int, name: str
) -> keras.KerasTensor:
    """Mix the values of each frame by itself.

    Args:
        sequence: ``(batch, n_frames, n_values)``.
        used: Which frames are in use, ``(batch, n_frames, 1)``.
        channels: Values of a frame afterwards.
        name: Beginning of the layers' names.
    """
    x = layers.Dense(channels, use_bias=False, name=f"{name}_dense")(sequence)
    return _activated(x, used, name)
