"""What ``model.fit`` takes, as arrays; of sources that give batches some are taken."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from speechsent.doctor.case import n_rows, to_arrays
from speechsent.errors import ParameterError, some

N_TAKEN = 1024
MOST_BATCHES = 64


@dataclass(frozen=True)
class Given:
    """Samples of one part.

    Args:
        x: Inputs, an array or a dict or list of them; None if there are none.
        y: Labels, likewise.
        whole: Whether these are all samples there are.
    """

    x: Any
    y: Any
    whole: bool = True


def read(x: Any, y: Any = None, *, called: str = "x") -> Given:
    """Arrays of what is given as ``x`` and ``y``.

    Args:
        x: Inputs, or a ``tf.data.Dataset`` or ``keras.utils.PyDataset`` of inputs and labels.
        y: Labels; None with a data set.
        called: Name of the argument.

    Raises:
        ParameterError: If these are no arrays and cannot be read twice, or lengths differ.
    """
    if gives_batches(x):
        if y is not None:
            raise ParameterError(f"{called}: a data set brings its labels; leave y away")
        return _joined(x, called)
    _refuse_streams(x, called)
    given = Given(to_arrays(x), to_arrays(y))
    lengths = {len(values) for part in (given.x, given.y) for values in _flat(part, called)}
    if len(lengths) > 1:
        raise ParameterError(
            f"{called} and y must have a row a sample. Received: {n_rows(given.x)} and "
            f"{n_rows(given.y)}"
            if n_rows(given.x) != n_rows(given.y) and given.y is not None
            else f"{called}: every input must have a row a sample. Received: {sorted(lengths)}"
        )
    return given


def read_validation(data: Any) -> Given:
    """Arrays of ``validation_data``: labels may be missing, and weights are not looked at."""
    if data is None:
        return Given(None, None)
    if gives_batches(data):
        return read(data, called="validation_data")
    if not isinstance(data, (tuple, list)) or not 1 <= len(data) <= 3:
        raise ParameterError(
            "validation_data must be (x, y), (x, y, sample_weight), (x,) or a data set. "
            f"Received: {type(data).__name__}"
            + (f" of {len(data)}" if isinstance(data, (tuple, list)) else "")
        )
    return read(data[0], data[1] if len(data) > 1 else None, called="validation_data")


def gives_batches(x: Any) -> bool:
    """Whether batches can be taken of it, again and again."""
    import tensorflow as tf

    return isinstance(x, (tf.data.Dataset, keras.utils.PyDataset))


def check_shapes(model: keras.Model, x: Any, called: str = "x") -> None:
    """Compare inputs with what a model takes; a subclassed one does not tell.

    Args:
        model: The model.
        x: Arrays as :func:`read` gives them.
        called: Name of the argument.

    Raises:
        ParameterError: If there are fewer or more inputs, or they have another shape.
    """
    wanted = getattr(model, "inputs", None)
    if x is None or not wanted or isinstance(x, Mapping):
        return
    given = x if isinstance(x, list) else [x]
    if len(given) != len(wanted):
        raise ParameterError(
            f"{called} must have an array for each of {len(wanted)} inputs. Received: {len(given)}"
        )
    for values, tensor in zip(given, wanted, strict=True):
        if not _fits(values.shape, tuple(tensor.shape)):
            raise ParameterError(
                f"{called}: input '{tensor.name}' takes shape {tuple(tensor.shape)}. "
                f"Received: {values.shape}"
            )


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether shapes agree, but for a last axis of one, which Keras adds and takes away."""
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    elif len(shape) == len(wanted) - 1 and wanted[-1] == 1:
        wanted = wanted[:-1]
    alike = (b is None or a == b for a, b in zip(shape[1:], wanted[1:], strict=False))
    return len(shape) == len(wanted) and all(alike)


def _flat(part: Any, called: str) -> list[np.ndarray]:
    arrays = [] if part is None else keras.tree.flatten(part)
    if any(np.ndim(values) == 0 for values in arrays):
        raise ParameterError(f"{called} and y must be arrays with a row a sample")
    return arrays


def _refuse_streams(x: Any, called: str) -> None:
    """Say what to pass instead of what is no array."""
    if hasattr(x, "toarray"):
        raise ParameterError(f"{called}: a sparse matrix; pass some rows as {called}.toarray()")
    if callable(x) or (
        isinstance(x, Iterable)
        and not isinstance(x, (Mapping, list, tuple))
        and not hasattr(x, "__array__")
    ):
        raise ParameterError(
            f"{called} must be arrays, a tf.data.Dataset or a keras.utils.PyDataset; of a "
            f"generator pass a batch: x, y = next(batches). Received: {type(x).__name__}"
        )


def _joined(source: Any, called: str) -> Given:
    """The first batches as one; those padded to another length are left out."""
    parts: list[Any] = []
    taken, whole = 0, True
    for batch in _batches(source):
        if taken >= N_TAKEN or len(parts) >= MOST_BATCHES:
            whole = False
            break
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        part = (_arrays(x), _arrays(y))
        _check_rows(part, called)
        if parts and _shapes(part) != _shapes(parts[0]):
            whole = False
            continue
        parts.append(part)
        taken += n_rows(part[0])
    if not parts:
        raise ParameterError(f"{called} must have at least one batch. Received: none")
    xs, ys = zip(*parts, strict=True)
    return Given(to_arrays(_concatenated(xs)), to_arrays(_concatenated(ys)), whole)


def _check_rows(part: Any, called: str) -> None:
    """Refuse single samples: the call that makes batches of them has been forgotten."""
    lengths = {np.shape(v)[:1] for v in keras.tree.flatten(part) if v is not None}
    if len(lengths) > 1 or () in lengths:
        told = [np.shape(values) for values in keras.tree.flatten(part) if values is not None]
        raise ParameterError(
            f"{called} must give batches, with a row a sample; of a data set of single samples "
            f"pass {called}.batch(32). Received: shapes {some(told)}"
        )


def _arrays(part: Any) -> Any:
    return None if part is None else keras.tree.map_structure(_array, part)


def _array(values: Any) -> np.ndarray:
    """An array; rows of several lengths are filled up with zeros, as ``fit`` does."""
    import tensorflow as tf

    if isinstance(values, tf.RaggedTensor):
        values = values.to_tensor()
    return np.asarray(tf.sparse.to_dense(values) if isinstance(values, tf.SparseTensor) else values)


def _concatenated(parts: tuple[Any, ...]) -> Any:
    if parts[0] is None:
        return None
    return keras.tree.map_structure(lambda *values: np.concatenate(values), *parts)


def _batches(source: Any) -> Iterator[Any]:
    if isinstance(source, keras.utils.PyDataset):
        n = source.num_batches
        return (source[i] for i in range(MOST_BATCHES + 1 if n is None else n))
    return iter(source)


def _shapes(part: Any) -> list[tuple[int, ...]]:
    return [values.shape[1:] for values in keras.tree.flatten(part) if values is not None]
