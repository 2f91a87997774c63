"""What is examined: a model, and as much of its data and its training as is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from speechsent.doctor.graph import Graph
from speechsent.doctor.heads import Head
from speechsent.doctor.probe import Probe, Step

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A model before training.

    Args:
        model: The model.
        graph: Its flat graph; None of a subclassed model.
        heads: Its outputs.
        inputs: Training inputs by name; empty if none were given.
        validation: Validation inputs by name; empty if none were given.
        validation_classes: Class of each validation sample; None if unknown.
        probe: What one batch did in inference mode; None if there was none.
        split_off: Whether the validation part is the last rows, as ``validation_split`` takes it.
        n_classes: Number of classes that exclude each other; None if unknown.
        batch_size: Samples in a training step; None if unknown.
        n_steps: Steps of the whole training; None if unknown.
        step: What one batch did in training mode; None if a loss or labels are missing.
    """

    model: keras.Model
    graph: Graph | None
    heads: list[Head]
    inputs: Arrays
    validation: Arrays
    validation_classes: np.ndarray | None
    probe: Probe | None
    split_off: bool = False
    n_classes: int | None = None
    batch_size: int | None = None
    n_steps: int | None = None
    step: Step | None = None


def to_arrays(x: Any) -> Any:
    """Turn tensors and lists of numbers into arrays, keeping dicts and lists of inputs."""
    if x is None:
        return None
    if isinstance(x, Mapping):
        return {name: np.asarray(values) for name, values in x.items()}
    if isinstance(x, (list, tuple)) and x and np.ndim(x[0]) > 0:
        return [np.asarray(values) for values in x]
    return np.asarray(x)


def by_name(x: Any, names: list[str]) -> Arrays:
    """Input arrays by the name of their input."""
    if x is None:
        return {}
    if isinstance(x, Mapping):
        return dict(x)
    flat = x if isinstance(x, list) else [x]
    known = names if len(names) == len(flat) else [f"input {i}" for i in range(len(flat))]
    return dict(zip(known, flat, strict=True))


def fed(x: Any) -> Any:
    """Arrays as a model takes them: texts as tensors."""
    import tensorflow as tf

    def text_as_tensor(values: np.ndarray) -> Any:
        return tf.constant(values) if values.dtype.kind in "OUS" else values

    return keras.tree.map_structure(text_as_tensor, x)


def rows(x: Any, chosen: Any) -> Any:
    """Some rows of every array in a structure."""
    return None if x is None else keras.tree.map_structure(lambda values: values[chosen], x)


def n_rows(x: Any) -> int:
    """Number of samples."""
    return 0 if x is None else len(keras.tree.flatten(x)[0])
