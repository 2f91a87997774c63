"""From a sequence to one vector: where in time the emotion shows is left to the network."""

from typing import Any

import keras
from keras import ops

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
