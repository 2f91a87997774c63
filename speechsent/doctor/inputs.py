"""Are the inputs numbers a network can learn from?"""

from collections.abc import Iterator, Mapping

import numpy as np
from keras import layers

from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.graph import Node, entries
from speechsent.errors import some

FAR_OFF = 3.0  # |mean| / deviation; images from 0 to 1 have about 2
LARGE = 20.0
STIFF = 0.01  # deviation / |mean| of one feature
STANDARDISE = "(x - mean) / sd with the training set's statistics, or keras.layers.Normalization"
SELF_SCALING = (
    layers.BatchNormalization,
    layers.LayerNormalization,
    layers.GroupNormalization,
    layers.Embedding,
)


def input_findings(case: Case) -> Iterator[Finding]:
    """Everything about the inputs as given, and as the first layers get them."""
    numbers = {name: values for name, values in case.inputs.items() if values.dtype.kind in "iufb"}
    broken = list(not_finite(numbers))
    yield from broken
    if broken:
        return
    yield from identical(case.inputs)
    yield from silent_channels(numbers)
    yield from scales(case)


def not_finite(inputs: Mapping[str, np.ndarray]) -> Iterator[Finding]:
    """NaN or infinity."""
    for name, values in inputs.items():
        n = int((~np.isfinite(values)).sum()) if values.dtype.kind == "f" else 0
        if n:
            bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
            yield Finding(
                name="input-not-finite",
                severity="error",
                at=name,
                seen=f"{n} of {values.size} values NaN or infinite, in samples {some(bad)}",
                expected="none",
                why="one of them makes the loss, and from then on every weight, NaN",
                remedy="leave these samples out; a deviation or logarithm of 0 is the usual source",
            )


def identical(inputs: Mapping[str, np.ndarray]) -> Iterator[Finding]:
    """All samples are one and the same; beside others an input, such as a mask, may well be."""
    alike = [
        name
        for name, values in inputs.items()
        if len(values) > 1 and bool((values == values[:1]).all())
    ]
    all_of_them = len(alike) == len(inputs)
    for name in alike:
        yield Finding(
            name="inputs-all-alike",
            severity="error" if all_of_them else "note",
            at=name,
            seen=f"{len(inputs[name])} identical samples",
            expected="samples that differ",
            why="no network can tell apart what is the same"
            if all_of_them
            else "this input tells the network nothing; the others do",
            remedy="look at how the samples are read; a buffer is often filled once",
        )


def silent_channels(inputs: Mapping[str, np.ndarray]) -> Iterator[Finding]:
    """Features, on the last axis, that are 0 throughout."""
    for name, values in inputs.items():
        if values.ndim < 2 or len(values) < 2 or values.shape[-1] < 2 or not values.any():
            continue
        silent = np.flatnonzero(~values.any(axis=tuple(range(values.ndim - 1))))
        if len(silent):
            yield Finding(
                name="channels-all-zero",
                severity="note",
                at=name,
                seen=f"{len(silent)} of {values.shape[-1]} features are 0 in every sample: "
                f"{some(silent)}",
                expected="features that vary",
                why="they carry nothing, and may mean that an extraction failed",
                remedy="look at how they are computed, or leave them out",
            )


def scales(case: Case) -> Iterator[Finding]:
    """Inputs too large, off centre, or nearly constant where the first trained layer reads them."""
    for node, values in at_entries(case):
        if _takes_numbers(node, case) and node.operation.trainable_weights:
            yield from input_scale(node.name, values)


def _takes_numbers(node: Node, case: Case) -> bool:
    """Whether the scale of what a layer reads matters; whole numbers are looked up in a table."""
    read = case.probe.layer_inputs[id(node.operation)] if case.probe else None
    looked_up = read is not None and read.dtype.kind in "iub"
    return not looked_up and not isinstance(node.operation, SELF_SCALING)


def input_scale(layer: str, values: np.ndarray) -> Iterator[Finding]:
    """One array, as a layer reads it.

    Args:
        layer: Name of the layer.
        values: Shape ``(batch, ..., n_features)``.
    """
    if len(values) < 8 or not np.isfinite(values).all() or not values.std():
        return
    mean, deviation = float(values.mean()), float(values.std())
    largest = float(np.abs(values).max())
    stiff = _stiff_features(values)
    figures = []
    if largest > LARGE or abs(mean) > FAR_OFF * deviation:
        figures.append(f"mean {mean:.3g}, deviation {deviation:.3g}, largest {largest:.3g}")
    if len(stiff):
        figures.append(
            f"{len(stiff)} of {values.shape[-1]} features vary by less than {STIFF:.0%} of their "
            f"mean: {some(stiff)}"
        )
    if figures:
        yield Finding(
            name="input-scale",
            severity="warning",
            at=f"what '{layer}' reads",
            seen="; ".join(figures),
            expected=f"mean near 0, deviation near 1, nothing beyond {LARGE:g}",
            why="units die or saturate in the first steps, and the network ends at one constant "
            "answer (6 of 6 nets with pixels from 0 to 255 in our reproduction)",
            remedy=STANDARDISE,
        )


def _stiff_features(values: np.ndarray) -> np.ndarray:
    """Features whose deviation is next to nothing beside their mean."""
    axes = tuple(range(values.ndim - 1))
    mean, deviation = np.abs(values.mean(axis=axes)), values.std(axis=axes)
    return np.flatnonzero((mean > 0) & (deviation < STIFF * mean))


def at_entries(case: Case) -> Iterator[tuple[Node, np.ndarray]]:
    """The first layers with weights, each with what it reads."""
    if case.graph is None or case.probe is None:
        return
    for node in entries(case.graph):
        values = case.probe.layer_inputs.get(id(node.operation))
        if values is not None and values.size:
            yield node, values.astype(np.float64)
