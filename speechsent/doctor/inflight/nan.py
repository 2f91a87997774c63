"""Where NaN came from."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from speechsent.doctor.calls import calling, leaving_no_trace, within_reach
from speechsent.doctor.case import by_name, n_rows, rows, to_arrays
from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import fixed_batch, leaves
from speechsent.errors import some

MOST_SAMPLES = 256


def nan_finding(
    model: keras.Model,
    finite: Mapping[int, np.ndarray],
    batch: tuple[Any, Any],
    names: Sequence[str] | None = None,
) -> Finding:
    """Tell where the first value that is no number came up.

    Args:
        model: The model, broken by now.
        finite: Its last weights that were finite, by ``id`` of the variable.
        batch: Inputs and targets of the samples under suspicion; None if they are not at hand.
        names: Name of each of these samples; their numbers if not given.
    """
    at, what, bad = _origin(model, finite, *map(to_arrays, batch))
    if len(bad):
        what += f" for samples {some(names[i] if names else i for i in bad)}"
    return Finding(
        name="training-not-finite",
        severity="error",
        at=at,
        seen=what,
        expected="numbers",
        why="the loss is no number from then on, nor is any weight, and no later epoch mends that",
        remedy="leave such samples out; keep logarithms, roots and divisions off 0; else a lower "
        "learning rate, or clipnorm=1.0 in the optimiser",
    )


def all_finite(*given: Any) -> bool:
    """Whether arrays, or dicts or lists of them, hold numbers only."""
    return not any(_bad_rows(np.asarray(values)) for values in keras.tree.flatten(given))


def _origin(
    model: keras.Model, finite: Mapping[int, np.ndarray], x: Any, y: Any
) -> tuple[str, str, Sequence[int]]:
    """Layer or array, what was seen there, and in which samples.

    Inputs and targets are looked at first, then what layers give, then weights.
    """
    names = [tensor.name for tensor in getattr(model, "inputs", None) or ()]
    given = [(f"input '{name}'", values) for name, values in by_name(x, names).items()]
    asked = [("targets", values) for values in keras.tree.flatten(y)] if y is not None else []
    for told, values in [*given, *asked]:
        rows_with_nan = _bad_rows(values)
        if rows_with_nan:
            return told, "holds NaN or infinity", rows_with_nan
    if x is not None:
        found = _first_bad_layer(model, finite, x)
        if found:
            return f"'{found[0]}'", "gives NaN or infinity", found[1]
    broken = [v.path for v in model.weights if _bad_rows(_flat(v))]
    if broken:
        share = f"{len(broken)} of {len(model.weights)} variables"
        return broken[0], f"{share} hold NaN or infinity, this one first", ()
    return "the loss", "all weights are still numbers", ()


def _flat(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).reshape(1, -1)


def _bad_rows(values: np.ndarray) -> list[int]:
    if "float" not in values.dtype.name:
        return []
    if values.dtype.kind != "f":
        values = values.astype(np.float32)  # bfloat16, of which NumPy knows nothing itself
    return np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1)).tolist()


def _first_bad_layer(
    model: keras.Model, finite: Mapping[int, np.ndarray], x: Any
) -> tuple[str, Sequence[int]] | None:
    """Run samples with the last finite weights; the first layer that gives what is no number."""
    mapping = [(v, keras.ops.convert_to_tensor(finite[id(v)])) for v in model.weights]
    n = min(n_rows(x), MOST_SAMPLES)
    at_a_time = fixed_batch(model) or n
    for first in range(0, n, at_a_time):
        chosen = np.arange(first, first + at_a_time) % n
        found = _bad_layers(model, mapping, rows(x, chosen))
        if found:
            name, bad = found[0]
            return name, sorted(set(chosen[bad].tolist()))
    return None


def _bad_layers(model: keras.Model, mapping: Any, x: Any) -> list[tuple[str, list[int]]]:
    """The first layer that gives what is no number, and for which rows; empty if none does."""
    found: list[tuple[str, list[int]]] = []
    with leaving_no_trace(mapping), calling(leaves(model), lambda la: _noting(la, found)):
        model(x, training=False)
    return found


def _noting(layer: Any, found: list[tuple[str, list[int]]]) -> Any:
    call, reached = layer.call, within_reach()

    def noting(*args: Any, **kwargs: Any) -> Any:
        values = call(*args, **kwargs)
        if not found and reached(values) and len(values.shape):
            bad = _bad_rows(keras.ops.convert_to_numpy(values))
            if bad:
                found.append((layer.name, bad))
        return values

    return noting
