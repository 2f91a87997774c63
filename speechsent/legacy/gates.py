"""What Keras 3 computes otherwise than Keras 2 did, under the same name."""

from typing import Any

import keras


def hard_sigmoid(x: Any) -> Any:
    """The gate of recurrent layers in Keras 2: 0.2 x + 0.5, cut to 0 and 1.

    Keras 3 computes relu6(x + 3) / 6, which is flatter.

    Args:
        x: Anything that ``keras.ops`` takes.

    Returns:
        The same shape, from 0 to 1.
    """
    return keras.ops.clip(0.2 * keras.ops.convert_to_tensor(x) + 0.5, 0.0, 1.0)


keras.saving.register_keras_serializable("speechsent", "keras2_hard_sigmoid")(hard_sigmoid)
