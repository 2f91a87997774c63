"""What is caught on the way through a model: at ReLUs, at BatchNorm, and where branches join."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from speechsent.doctor.calls import within_reach


class Notes:
    """Tensors of one pass, or of the tracing of one.

    Args:
        n_rows: Number of samples; rows beyond are the same ones again, with a branch replaced.
    """

    def __init__(self, n_rows: int) -> None:
        self.embeddings: list[Any] = []
        self._n_rows = n_rows
        self._reached = within_reach()
        self._alive: dict[int, Any] = {}
        self._variances: dict[int, list[Any]] = {}

    @property
    def alive(self) -> dict[int, Any]:
        """Which channels are not 0 for every sample, in any call, by ``id`` of the layer."""
        return self._alive

    @property
    def variances(self) -> dict[int, Any]:
        """Of what BatchNorm reads, for each channel, the mean over its calls, by ``id``."""
        return {
            key: sum(found[1:], found[0]) / len(found) for key, found in self._variances.items()
        }

    def noting_alive(self, layer: keras.layers.Layer) -> Callable[..., Any]:
        """Note which channels are not 0 for every sample."""
        call = layer.call

        def noting(*args: Any, **kwargs: Any) -> Any:
            values = call(*args, **kwargs)
            if self._reached(values):
                axes = tuple(range(len(values.shape) - 1))
                alive = ops.any(values[: self._n_rows] != 0, axis=axes)
                before = self._alive.get(id(layer))
                self._alive[id(layer)] = alive if before is None else ops.logical_or(before, alive)
            return values

        return noting

    def noting_variance(self, layer: keras.layers.BatchNormalization) -> Callable[..., Any]:
        """Note the variance of what BatchNorm reads; masked frames would count, so not of those."""
        call = layer.call
        channels = layer.axis if isinstance(layer.axis, int) else layer.axis[0]

        def noting(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            if kwargs.get("mask") is None and self._reached(inputs):
                values = ops.cast(inputs[: self._n_rows], "float32")
                rank = len(values.shape)
                axes = tuple(axis for axis in range(rank) if axis != channels % rank)
                self._variances.setdefault(id(layer), []).append(ops.var(values, axis=axes))
            return call(inputs, *args, **kwargs)

        return noting

    def without_each(self, join: Any, n_branches: int, tape: Any) -> Callable[..., Any]:
        """Append the samples again: without each branch in turn, and without any.

        Args:
            join: What joins the branches; layers take them in a list, some operations one by one.
            n_branches: How many it joins.
            tape: Is to tell the gradient that reaches each.
        """
        call = join.call

        def tiled(*args: Any, **kwargs: Any) -> Any:
            listed = isinstance(args[0], (list, tuple))
            given, more = (args[0], args[1:]) if listed else (args[:n_branches], args[n_branches:])
            self.embeddings = [ops.convert_to_tensor(values) for values in given]
            for values in self.embeddings:
                tape.watch(values)
            rows = _tiled(self.embeddings)
            return call(rows, *more, **kwargs) if listed else call(*rows, *more, **kwargs)

        return tiled


def _tiled(embeddings: Sequence[Any]) -> list[Any]:
    """Each embedding again and again, once its mean in place of it, and at last for all."""
    n = len(embeddings)
    means = [ops.zeros_like(v) + ops.mean(v, axis=0, keepdims=True) for v in embeddings]
    return [
        ops.concatenate([values, *[mean if j == i else values for j in range(n)], mean])
        for i, (values, mean) in enumerate(zip(embeddings, means, strict=True))
    ]
