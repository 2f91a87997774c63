"""Batches in an order that is a function of seed and epoch, and how Keras is fed them."""

from typing import Any

import keras
import numpy as np

from speechsent.errors import ParameterError

ORDER = 0xA11  # keeps its stream of random numbers apart


class SeededBatches(keras.utils.PyDataset):
    """Batches whose order is a function of (seed, epoch), so that nothing is left to remember.

    The last, smaller batch of an epoch is left out: other items each time. Fewer items than a
    batch are one batch.

    Args:
        n_items: Number of things to draw from.
        batch_size: Items in a batch.
        seed: Seed of the order.
    """

    def __init__(self, n_items: int, batch_size: int, seed: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        if not n_items:
            raise ParameterError("training needs at least one clip. Received: none")
        self.n_items, self.batch_size, self.seed = n_items, min(batch_size, n_items), seed
        self.start(0)

    def __len__(self) -> int:
        return self.n_items // self.batch_size

    def start(self, epoch: int) -> None:
        """Set the epoch, counted from 0."""
        self.epoch = epoch
        self._order = np.random.default_rng([self.seed, epoch, ORDER]).permutation(self.n_items)

    @property
    def ahead(self) -> int:
        """Batches that are made while the network still trains on the one before them."""
        return 1

    def feed(self) -> Any:
        """What Keras is to be given: the batches as ``tf.data`` that knows how large they are.

        Given the batches themselves, Keras compiles a step for any number of clips, and one of the
        LSTM takes a quarter longer.
        """
        import tensorflow as tf

        known = tf.nest.map_structure(
            lambda array: tf.TensorSpec(array.shape, array.dtype), self[0]
        )
        specs = tf.nest.flatten(known)

        def made(step: np.ndarray) -> list[np.ndarray]:
            return tf.nest.flatten(self[int(step)])

        def batch(step: Any) -> Any:
            found = tf.numpy_function(made, [step], [spec.dtype for spec in specs])
            pairs = zip(found, specs, strict=True)
            sized = [tf.ensure_shape(array, spec.shape) for array, spec in pairs]
            return tf.nest.pack_sequence_as(known, sized)

        how = tf.data.Options()
        how.autotune.enabled = False
        how.threading.private_threadpool_size = 1  # a thread for each batch costs a fifth more
        batches = tf.data.Dataset.range(len(self)).map(batch)
        return (batches.prefetch(self.ahead) if self.ahead else batches).with_options(how)

    def chosen(self, step: int) -> np.ndarray:
        """Indices of the items in one batch of this epoch."""
        return self._order[step * self.batch_size : (step + 1) * self.batch_size]
