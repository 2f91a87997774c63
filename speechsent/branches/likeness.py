"""How near a clip's statistics are to those of each training clip."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops

MAX_CENTRES = 6000  # training windows a clip is compared with


@keras.saving.register_keras_serializable("speechsent")
class Likeness(layers.Layer):
    """Gaussians of the distance to points that are given, measured along some directions.

    A network whose shape does not depend on how many there are: of ``MAX_CENTRES`` points, those
    that were not set lie at 0, and whoever reads the answer gives them no weight.

    Args:
        components: Number of directions.
    """

    def __init__(self, components: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.components = components

    def build(self, input_shape: Any) -> None:
        """Add directions and points, all 0 until :meth:`set_points` is called."""
        shapes = {
            "directions": (input_shape[-1], self.components),
            "origin": (self.components,),
            "points": (MAX_CENTRES, self.components),
        }
        self.directions, self.origin, self.points = (
            self.add_weight(shape=shape, initializer="zeros", trainable=False, name=name)
            for name, shape in shapes.items()
        )

    def call(self, values: Any) -> Any:
        """Map ``(batch, n_values)`` to ``(batch, MAX_CENTRES)``: 1 is the point itself."""
        place = ops.matmul(values, self.directions) + self.origin
        both = ops.matmul(place, ops.transpose(self.points))
        length = ops.sum(ops.square(place), axis=1, keepdims=True)
        lengths = ops.sum(ops.square(self.points), axis=1)
        return ops.exp(-ops.maximum(length + lengths - 2 * both, 0.0))

    def set_points(self, directions: np.ndarray, origin: np.ndarray, points: np.ndarray) -> None:
        """Set where the training clips lie.

        Args:
            directions: Shape ``(n_values, components)``; their length is that of a unit distance.
            origin: What is added to values along the directions, shape ``(components,)``.
            points: Shape ``(n_points, components)``, at most ``MAX_CENTRES``.
        """
        filled = np.zeros((MAX_CENTRES, self.components), np.float32)
        filled[: len(points)] = points
        self.set_weights([directions.astype(np.float32), origin.astype(np.float32), filled])

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Shape of the likenesses."""
        return (input_shape[0], MAX_CENTRES)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments."""
        return {**super().get_config(), "components": self.components}
