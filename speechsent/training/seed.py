"""One seed everywhere, so that the same command gives the same model."""

import random


def seed_everything(seed: int) -> None:
    """Seed whatever a training draws from, and choose deterministic kernels.

    Keras draws the seeds of all initialisers and dropouts from Python's generator when it builds
    layers; order and augmentation have generators of their own. TensorFlow's global seed decides
    nothing here and is left alone: setting it makes TensorFlow drop every kernel it has prepared,
    which costs the next training step of a model that is already traced three seconds.

    Args:
        seed: Any non-negative integer.
    """
    import tensorflow as tf

    random.seed(seed)
    tf.config.experimental.enable_op_determinism()


def seed_layers(seed: int, name: str) -> None:
    """Seed the layers that are built next, whatever has been built before.

    So a branch starts from the same weights whether it is trained alone or beside another.

    Args:
        seed: Any non-negative integer.
        name: What is built, such as ``"cnn"``.
    """
    random.seed(f"{seed} {name}")
