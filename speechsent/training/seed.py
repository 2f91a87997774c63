"""One seed everywhere, so that the same command gives the same model."""

import keras


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, and choose deterministic kernels.

    Args:
        seed: Any non-negative integer.
    """
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
