"""Several GPUs of this machine that share every training batch."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import keras

from speechsent.errors import ParameterError


def sharing(n_devices: int, *, batch_size: int, precision: str) -> AbstractContextManager[Any]:
    """Context in which a model must be built and trained to run on several devices.

    Each device holds all weights and takes an equal share of each batch; their gradients are
    summed, so that losses are those of one device. But for BatchNorm: a device normalises its
    share by the share's own statistics, and the running ones kept are the first device's.
    Scoring is not shared: every device computes it in full.

    Args:
        n_devices: The first of this machine's GPUs; 1 changes nothing. Where there is no GPU,
            logical CPUs count.
        batch_size: Clips in a step, over all devices.
        precision: Arithmetic of the layers.

    Raises:
        ParameterError: If there are too few devices, or they cannot share a batch evenly, or
            the arithmetic needs its loss scaled.
    """
    if n_devices == 1:
        return nullcontext()
    _require_even_shares(batch_size, n_devices)
    if precision == "mixed_float16":  # Keras asks the first device alone whether it overflowed
        raise ParameterError(
            "precision must be 'float32' or 'mixed_bfloat16' on several devices. "
            f"Received: precision={precision!r}"
        )
    scope: AbstractContextManager[Any] = _strategy(n_devices).scope()
    return scope


def require_even_shares(batch_size: int) -> None:
    """Refuse batches which the devices in use cannot share: uneven shares would weigh the same.

    Args:
        batch_size: Items in each batch; less than was asked for if there are fewer clips.

    Raises:
        ParameterError: If a device would get more of them than another.
    """
    _require_even_shares(batch_size, n_sharing())


def _require_even_shares(batch_size: int, n_devices: int) -> None:
    if batch_size % n_devices:
        raise ParameterError(
            "batch_size must be a multiple of n_devices. "
            f"Received: batch_size={batch_size}, n_devices={n_devices}"
        )


def n_sharing() -> int:
    """Devices that share each batch of what is built and trained here."""
    import tensorflow as tf

    return int(tf.distribute.get_strategy().num_replicas_in_sync)


@cache
def _strategy(n_devices: int) -> Any:
    """One strategy a process: a second one's sums would be taken for those of the first."""
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    devices = gpus or tf.config.list_logical_devices("CPU")
    if len(devices) < n_devices:
        raise ParameterError(
            f"n_devices must not exceed this machine's {len(gpus)} GPUs. "
            f"Received: n_devices={n_devices}"
        )
    return tf.distribute.MirroredStrategy([device.name for device in devices[:n_devices]])


def adamw(rate: Any, *, weight_decay: float, clipnorm: float) -> keras.optimizers.Optimizer:
    """AdamW that clips the gradient of the whole batch, on however many devices.

    Args:
        rate: Learning rate or its schedule.
        weight_decay: Decoupled weight decay.
        clipnorm: Largest norm of each variable's gradient.
    """
    if n_sharing() == 1:
        return keras.optimizers.AdamW(rate, weight_decay=weight_decay, clipnorm=clipnorm)
    return SharedAdamW(rate, weight_decay=weight_decay, norm=clipnorm)


class SharedAdamW(keras.optimizers.AdamW):
    """AdamW for several devices; Keras clips each device's gradient before it sums them.

    Args:
        rate: Learning rate or its schedule.
        weight_decay: Decoupled weight decay.
        norm: Largest norm of each variable's summed gradient.
    """

    def __init__(self, rate: Any, *, weight_decay: float, norm: float) -> None:
        super().__init__(rate, weight_decay=weight_decay)
        self.norm = norm

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Sum over devices, clip, and update."""
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        n_devices = context.num_replicas_in_sync
        whole = context.all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
        shares = [tf.clip_by_norm(gradient, self.norm) / n_devices for gradient in whole]
        super().apply(shares, trainable_variables)  # sums the shares
