"""Where NaN came from."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from speechsent.doctor.case import by_name, rows, to_arrays
from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import leaves
from speechsent.errors import some

MOST_SAMPLES = 256


def nan_finding(
    model: keras.Model, finite: Mapping[int, np.ndarray], batch: tuple[Any, Any], when: str
) -> Finding:
    """Tell where the first value that is no number came up.

    Args:
        model: The model, broken by now.
        finite: Its last weights that were finite, by ``id`` of the variable.
        batch: Inputs and targets of the samples under suspicion; None if they are not at hand.
        when: The step.
    """
    at, what = _origin(model, finite, *map(to_arrays, batch))
    return Finding(
        name="loss-became-nan",
        severity="error",
        at=at,
        seen=f"{what}; the loss is not a number from {when} on",
        expected="numbers",
        why="every weight is NaN from then on, and no later epoch mends that",
        remedy="leave such samples out; keep logarithms, roots and divisions off 0; else a lower "
        "learning rate, or clipnorm=1.0 in the optimiser",
    )


def _origin(
    model: keras.Model, finite: Mapping[int, np.ndarray], x: Any, y: Any
) -> tuple[str, str]:
    """Layer or array, and what was seen there: inputs, targets, activations, then weights."""
    names = [tensor.name for tensor in getattr(model, "inputs", None) or ()]
    given = by_name(x, names).items()
    asked = [("targets", values) for values in keras.tree.flatten(y)] if y is not None else []
    for name, values in [*given, *asked]:
        bad = _bad_rows(values)
        if len(bad):
            return name, f"NaN or infinity in samples {some(bad)}"
    if x is not None:
        found = _first_bad_layer(model, finite, rows(x, slice(MOST_SAMPLES)))
        if found:
            layer, bad = found
            return f"'{layer}'", f"it gives NaN or infinity for samples {some(bad)}"
    broken = [v.path for v in model.weights if len(_bad_rows(_flat(v)))]
    if broken:
        total = len(model.weights)
        return broken[0], f"{len(broken)} of {total} variables hold NaN or infinity, this one first"
    return "the loss", "all weights are still numbers"


def _flat(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).reshape(1, -1)


def _bad_rows(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind != "f":
        return np.array([], int)
    return np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))


def _first_bad_layer(
    model: keras.Model, finite: Mapping[int, np.ndarray], x: Any
) -> tuple[str, Sequence[int]] | None:
    """Run samples with the last finite weights; the first layer that gives what is no number."""
    mapping = [(v, keras.ops.convert_to_tensor(finite[id(v)])) for v in model.weights]
    with keras.StatelessScope(state_mapping=mapping), _noting_bad(model) as bad:
        model(x, training=False)
    return bad[0] if bad else None


@contextmanager
def _noting_bad(model: keras.Model) -> Iterator[list[tuple[str, Sequence[int]]]]:
    found: list[tuple[str, Sequence[int]]] = []
    watched = list(leaves(model))
    for layer in watched:
        layer.call = _noting(layer, found)
    try:
        yield found
    finally:
        for layer in watched:
            del layer.call  # the class's own shows again


def _noting(layer: Any, found: list[tuple[str, Sequence[int]]]) -> Any:
    call = layer.call

    def noting(*args: Any, **kwargs: Any) -> Any:
        values = call(*args, **kwargs)
        if not found and keras.ops.is_tensor(values) and len(values.shape):
            bad = _bad_rows(keras.ops.convert_to_numpy(values))
            if len(bad):
                found.append((layer.name, bad.tolist()))
        return values

    return noting
