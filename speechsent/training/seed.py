"""One seed everywhere, so that the same command gives the same model."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from random import Random

from keras.src.random import seed_generator


@contextmanager
def layers_seeded(seed: int, name: str) -> Iterator[None]:
    """Seed the layers that are built inside, whatever has been built before.

    So a branch starts from the same weights whether it is trained alone or beside another. Keras
    draws the seeds of initialisers and dropouts from Python's own generator, from which other
    threads draw as well: in the worker of a cluster two trainings with one seed would differ. So
    it is given one of ours meanwhile.

    Args:
        seed: Any non-negative integer.
        name: What is built, such as ``"cnn"``.
    """
    before = seed_generator.python_random
    seed_generator.python_random = Random(f"{seed} {name}")
    try:
        yield
    finally:
        seed_generator.python_random = before


@cache
def choose_deterministic_kernels() -> None:
    """Let TensorFlow compute the same bits every time; once a process.

    It then insists on a seed of its own, which decides nothing here. That is set once, because
    setting it makes TensorFlow drop every kernel it has prepared, which costs the next step of a
    model that is already traced three seconds.
    """
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
