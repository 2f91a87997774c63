"""A layer of fixed filters along a spectrogram, and statistics over time of what they say."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from speechsent.branches.filters import WIDTH, local_filters, ripple_filters, shape_filters

KINDS = ("levels", "normalised", "shapes", "ripples")
QUANTILES = (0.2, 0.5, 0.8, 0.95)  # of a filter's output over training frames: its thresholds
N_STATISTICS = len(QUANTILES) + 2
LOW = 1e9  # below any response
SOFTNESS = 0.1  # of a threshold, as a share of the way from the lowest to the highest
LEVEL_SHARE = 0.3  # of the filters of kind "levels" that see them; the others see changes alone
LEAST_DEVIATION = 0.3  # standard deviations of the corpus, below which a band of a clip is quiet


@keras.saving.register_keras_serializable("speechsent")
class FilterFunctionals(layers.Layer):
    """Fixed random filters over time and bands, and statistics of their outputs.

    For each filter: the share of frames in which its output is above each of its thresholds, which
    are a little soft, its maximum, and its deviation. Padding behind the clip does not count, and
    where a filter reaches beyond the clip it sees the first or last frame again.

    Args:
        filters: Number of filters.
        dilations: Distances of the frames a filter looks at; each has an equal part of them.
        kind: One of ``KINDS``.
        hertz: Centres of the bands in Hz, in their order.
        seed: Seed of the filters.

    References:
        Dempster, Petitjean, Webb (2020). ROCKET: exceptionally fast and accurate time series
        classification using random convolutional kernels.
        https://doi.org/10.1007/s10618-020-00701-z
    """

    def __init__(
        self,
        filters: int,
        dilations: Sequence[int],
        *,
        kind: str,
        hertz: Sequence[float],
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.dilations = filters, tuple(dilations)
        self.kind, self.hertz, self.seed = kind, tuple(hertz), seed

    def build(self, input_shape: Any) -> None:
        """Draw the filters; thresholds are 0 until :meth:`set_thresholds` is called."""
        (_, _, n_bands), _ = input_shape
        part = self.filters // len(self.dilations)
        drawn = _drawn(self.kind, n_bands, self.filters, self.hertz, self.seed)
        self.kernels = [
            self.add_weight(
                shape=(WIDTH, n_bands, part),
                initializer=_Given(drawn[:, :, i * part : (i + 1) * part]),
                trainable=False,
                name=f"filters_{dilation}",
            )
            for i, dilation in enumerate(self.dilations)
        ]
        self.thresholds = self.add_weight(
            shape=(len(QUANTILES), self.filters),
            initializer="zeros",
            trainable=False,
            name="thresholds",
        )

    @property
    def normalised(self) -> bool:
        """Whether each band of a clip is brought to mean 0 and deviation 1 beforehand."""
        return self.kind == "normalised"

    def call(self, inputs: Any) -> Any:
        """Map ``(batch, n_frames, n_bands)`` and ``(batch, n_frames, 1)`` to statistics.

        Returns:
            Shape ``(batch, 6 * filters)``.
        """
        sequence, used = inputs
        used = ops.cast(used, sequence.dtype)
        total = ops.sum(used, axis=1, keepdims=True)
        counted = ops.maximum(total, 1.0)
        share = ops.transpose(used / counted, (0, 2, 1))  # (batch, 1, n_frames)
        responses = self.responses(sequence, used)
        # A hard threshold would turn the last bit of a response into a frame more or less. Between
        # 0 and 1 clips a ramp of six times its height between 0 and 6, in one pass.
        steepness = 6 / (SOFTNESS * (self.thresholds[-1] - self.thresholds[0]) + 1e-6)
        ramp = responses * steepness + 3
        above = [
            ops.matmul(share, ops.relu6(ramp - threshold)) / 6
            for threshold in ops.unstack(self.thresholds * steepness, axis=0)
        ]
        mean = ops.matmul(share, responses)
        square = ops.matmul(share, ops.square(responses))
        deviation = ops.sqrt(ops.maximum(square - ops.square(mean), 1e-12))
        # Of a clip whose every value is the mean no frame counts; it is told nothing, not LOW.
        hidden = (used - 1) * (LOW * ops.minimum(total, 1.0))
        highest = ops.max(responses + hidden, axis=1, keepdims=True)
        return ops.concatenate([*above, highest, deviation], axis=2)[:, 0]

    def responses(self, sequence: Any, used: Any) -> Any:
        """What the filters say of each frame, ``(batch, n_frames, filters)``."""
        counted = ops.maximum(ops.sum(used, axis=1), 1.0)
        if self.normalised:
            sequence = _normalised(sequence, used, counted)
        n_frames = sequence.shape[1]
        reach = WIDTH // 2 * max(self.dilations)
        places = ops.arange(-reach, n_frames + reach, dtype="int32")[None]
        places = ops.minimum(ops.maximum(places, 0), ops.cast(counted, "int32") - 1)
        padded = ops.take_along_axis(sequence, places[..., None], axis=1)
        found = []
        for kernel, dilation in zip(self.kernels, self.dilations, strict=True):
            # One product with the frames side by side: TensorFlow spreads a dilated convolution
            # over copies, and a product for each tap is five times as much to trace.
            first = reach - WIDTH // 2 * dilation
            looked_at = ops.concatenate(
                [
                    padded[:, at : at + n_frames]
                    for at in range(first, first + WIDTH * dilation, dilation)
                ],
                axis=2,
            )
            found.append(ops.matmul(looked_at, ops.reshape(kernel, (1, -1, kernel.shape[-1]))))
        return ops.concatenate(found, axis=2)

    def set_thresholds(self, responses: np.ndarray) -> None:
        """Set each filter's thresholds to quantiles of what it says of frames of training clips.

        Args:
            responses: Shape ``(n_frames, filters)``.
        """
        self.thresholds.assign(np.quantile(responses, QUANTILES, axis=0).astype(np.float32))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Shape of the statistics."""
        return (input_shape[0][0], N_STATISTICS * self.filters)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "dilations": self.dilations,
            "kind": self.kind,
            "hertz": self.hertz,
            "seed": self.seed,
        }


@lru_cache(maxsize=len(KINDS))  # opening a run builds its network twice
def _drawn(
    kind: str, n_bands: int, n_filters: int, hertz: tuple[float, ...], seed: int
) -> np.ndarray:
    if kind == "ripples":
        return ripple_filters(np.array(hertz), n_filters, seed=seed)
    if kind == "shapes":
        return shape_filters(n_bands, n_filters, seed=seed)
    share = LEVEL_SHARE if kind == "levels" else 0.0
    seeds = [seed, kind == "normalised"]  # the two kinds have filters of their own
    return local_filters(n_bands, n_filters, level_share=share, seed=seeds)


class _Given(keras.initializers.Initializer):
    """These very numbers."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __call__(self, shape: tuple[int, ...], dtype: Any = None, **kwargs: Any) -> Any:
        return ops.convert_to_tensor(self.values.reshape(shape), dtype or "float32")


def _normalised(sequence: Any, used: Any, counted: Any) -> Any:
    """Each band of each clip at mean 0 and deviation 1; padding is 0."""
    mean = (ops.sum(sequence * used, axis=1) / counted)[:, None]
    centred = (sequence - mean) * used
    deviation = ops.sqrt(ops.sum(ops.square(centred), axis=1) / counted)[:, None]
    return centred / (deviation + LEAST_DEVIATION)
