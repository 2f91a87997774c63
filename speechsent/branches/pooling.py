"""From a sequence to one vector: where in time the emotion shows is left to the network."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

BEYOND = 3e4  # sorts padding behind everything else; finite in 16 bits too
NEGLIGIBLE = -3e4  # score of padding, so that its weight is exactly 0; finite in 16 bits too


@keras.saving.register_keras_serializable("speechsent")
class AttentiveStatistics(keras.layers.Layer):
    """Weighted mean, and on request deviation, over time; padding has no weight.

    Args:
        deviation: Append the weighted standard deviation: clips of equal mean can differ in
            how much they move.

    References:
        Okabe, Koshinaka, Shinoda (2018). Attentive Statistics Pooling.
        https://doi.org/10.21437/Interspeech.2018-993
    """

    def __init__(self, *, deviation: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deviation = deviation
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the scoring vector for inputs ``(batch, n_frames, n_features)``."""
        width = input_shape[-1]
        self.kernel = self.add_weight(shape=(width, width), name="kernel")
        self.query = self.add_weight(shape=(width, 1), name="query")

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Pool ``(batch, n_frames, n_features)`` to ``(batch, n_features [* 2])``."""
        scores = ops.matmul(ops.tanh(ops.matmul(inputs, self.kernel)), self.query)
        if mask is not None:
            scores = ops.where(mask[..., None], scores, NEGLIGIBLE)
        weights = ops.softmax(scores, axis=1)
        mean = ops.sum(weights * inputs, axis=1)
        if not self.deviation:
            return mean
        variance = ops.sum(weights * ops.square(inputs - mean[:, None, :]), axis=1)
        return ops.concatenate([mean, ops.sqrt(variance + 1e-5)], axis=-1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Time is gone, and so is its mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the pooled vector."""
        width = input_shape[-1] or 0
        return (input_shape[0], 2 * width if self.deviation else width)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), "deviation": self.deviation}


@keras.saving.register_keras_serializable("speechsent")
class Functionals(keras.layers.Layer):
    """Percentiles, mean and standard deviation over time of each feature; padding does not count.

    The wide, shallow view that a linear model on functionals has of a clip.

    Args:
        percentiles: Which, each from 0 to 100; of the values in order of size the nearest is taken.

    References:
        Eyben, Wöllmer, Schuller (2010). openSMILE. https://doi.org/10.1145/1873951.1874246
    """

    def __init__(self, percentiles: Sequence[float] = (5, 25, 50, 75, 95), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.percentiles = tuple(percentiles)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Map ``(batch, n_frames, n_features)`` to ``(batch, n_features * n_functionals)``."""
        if mask is None:
            mask = ops.ones_like(inputs[..., 0], dtype="bool")
        share = ops.cast(mask, inputs.dtype)[..., None]
        n_frames = ops.maximum(ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True), 1)
        ordered = ops.sort(ops.where(mask[..., None], inputs, BEYOND), axis=1)
        places = ops.cast(n_frames - 1, "float32") * (np.array(self.percentiles, "float32") / 100)
        chosen = ops.one_hot(
            ops.cast(ops.round(places), "int32"), ops.shape(inputs)[1], dtype=inputs.dtype
        )
        found = ops.matmul(chosen, ordered)  # (batch, n_percentiles, n_features)
        n = ops.cast(n_frames, inputs.dtype)
        mean = ops.sum(share * inputs, axis=1) / n
        variance = ops.sum(share * ops.square(inputs - mean[:, None, :]), axis=1) / n
        pieces = [found[:, i] for i in range(len(self.percentiles))]
        return ops.concatenate([*pieces, mean, ops.sqrt(variance + 1e-5)], axis=-1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Time is gone, and so is its mask."""

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the pooled vector."""
        return (input_shape[0], (input_shape[-1] or 0) * (len(self.percentiles) + 2))

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), "percentiles": self.percentiles}
