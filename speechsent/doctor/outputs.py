"""Does the output fit the loss? A mismatch trains without complaint, towards something else."""

from collections.abc import Iterator

import numpy as np

from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.heads import BOUNDS, Head

PROBABILITIES = ("softmax", "sigmoid")
ROUNDING = 1e-3  # healthy rows sum to 1 within 3e-7
COARSE = 1e-2  # likewise, in 16-bit arithmetic
SQUARED = ("meansquarederror", "meanabsoluteerror", "huber", "logcosh")


def output_findings(case: Case) -> Iterator[Finding]:
    """Everything about each output and its loss."""
    for i, head in enumerate(case.heads):
        values = case.probe.outputs[i] if case.probe else None
        yield from softmax_of_one(head)
        yield from categorical_loss_of_one(head)
        yield from not_probabilities(head, values)
        yield from probabilities_as_logits(head, values)
        yield from sigmoid_for_classes(head, case.n_classes)
        yield from weak_pairs(head)
        yield from out_of_reach(head)


def softmax_of_one(head: Head) -> Iterator[Finding]:
    """A softmax over one unit is 1 whatever the network does."""
    if head.activation == "softmax" and head.units == 1:
        yield Finding(
            name="softmax-of-one",
            severity="error",
            at=head.name,
            seen="softmax over 1 unit, always 1",
            expected="sigmoid over 1 unit, or softmax over 2",
            why="the loss may still fall, but the accuracy stays at the share of class 1 for ever",
            remedy="Dense(1, 'sigmoid') with BinaryCrossentropy, or Dense(2, 'softmax') with "
            "SparseCategoricalCrossentropy",
        )


def categorical_loss_of_one(head: Head) -> Iterator[Finding]:
    """A categorical cross-entropy over one unit is 0 whatever the network does."""
    if head.kind == "categorical" and head.units == 1 and head.activation != "softmax":
        yield Finding(
            name="categorical-loss-of-one",
            severity="error",
            at=head.name,
            seen="CategoricalCrossentropy over 1 unit, always 0",
            expected="BinaryCrossentropy over 1 unit, or a softmax over 2",
            why="rows are scaled to sum to 1, which makes one unit 1: nothing is ever learnt",
            remedy="loss='binary_crossentropy'",
        )


def not_probabilities(head: Head, values: np.ndarray | None) -> Iterator[Finding]:
    """A cross-entropy on probabilities was given something else."""
    if not head.classifies or head.from_logits or head.activation == "sigmoid":
        return
    figure = _odd_figure(head, values)
    if figure:
        fitting = "sigmoid" if head.kind == "binary" else "softmax"
        yield Finding(
            name="output-not-probabilities",
            severity="error",
            at=head.name,
            seen=figure,
            expected=f"{fitting}: values from 0 to 1"
            + ("" if head.kind == "binary" else ", rows that sum to 1"),
            why="the loss takes the outputs for probabilities (from_logits=False): it stays flat, "
            "rises or becomes NaN, and accuracy ends at or below the majority's share",
            remedy=f"activation='{fitting}' in the last layer, or from_logits=True in the loss",
        )


def _odd_figure(head: Head, values: np.ndarray | None) -> str:
    """How outputs fail to be probabilities; empty if they do not fail, or nobody can tell."""
    if values is not None and np.isfinite(values).all():
        values, rounding = _exact(values)
        outside = int(((values < 0) | (values > 1 + rounding)).sum())
        sums = values.sum(axis=getattr(head.loss, "axis", -1))
        summed = head.kind != "binary" and bool((np.abs(sums - 1) > rounding).any())
        if outside or summed:
            told = f"{outside} of {values.size} values outside 0 to 1"
            return f"{told}, row sums {sums.min():.3g} to {sums.max():.3g}" if summed else told
    # Others may be a softmax by another name, and only a batch would tell.
    doubtful = head.activation == "linear" or head.activation in BOUNDS.keys() - PROBABILITIES
    return f"activation '{head.activation}'" if doubtful else ""


def _exact(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Values as 32-bit numbers at least, and how far off they may be."""
    if values.dtype.itemsize > 2:
        return values, ROUNDING
    return values.astype(np.float32), COARSE


def probabilities_as_logits(head: Head, values: np.ndarray | None) -> Iterator[Finding]:
    """The loss applies a softmax or sigmoid to what has passed one."""
    if not head.classifies or not head.from_logits:
        return
    known = head.activation in PROBABILITIES
    if not known and (head.activation or not _sums_to_one(values)):
        return
    repaired = known and head.bare
    yield Finding(
        name="probabilities-as-logits",
        severity="warning" if repaired else "error",
        at=head.name,
        seen=f"{head.activation or 'rows that sum to 1'}, with from_logits=True",
        expected="an activation, or from_logits=True, but not both",
        why="this Keras notices and takes the values from before the activation; others may not"
        if repaired
        else "it is applied twice: the loss cannot fall below a floor (1.18 with 6 classes)",
        remedy="from_logits=False in the loss, or no activation in the last layer",
    )


def _sums_to_one(values: np.ndarray | None) -> bool:
    if values is None or values.ndim < 2 or values.shape[-1] < 2:
        return False
    values, rounding = _exact(values)
    return bool((values >= 0).all() and (np.abs(values.sum(axis=-1) - 1) <= rounding).all())


def sigmoid_for_classes(head: Head, n_classes: int | None) -> Iterator[Finding]:
    """Sigmoids answer each class by itself, and exclusive classes compete."""
    if head.activation != "sigmoid" or head.units < 2 or not head.classifies:
        return
    exclusive = head.kind != "binary" or head.classes is not None or n_classes == head.units
    if exclusive:
        yield Finding(
            name="sigmoid-for-exclusive-classes",
            severity="warning",
            at=head.name,
            seen=f"sigmoid over {head.units} units, one right answer a sample",
            expected=f"softmax over {head.units} units",
            why="it trains, but its answers do not sum to 1 and cannot be read as probabilities",
            remedy="activation='softmax' with a categorical cross-entropy",
        )


def weak_pairs(head: Head) -> Iterator[Finding]:
    """Losses that train a softmax, but worse than cross-entropy."""
    if head.activation != "softmax" or head.units < 2:
        return
    if head.kind == "binary":
        yield _weak(
            head,
            name="binary-loss-for-classes",
            seen="BinaryCrossentropy on a softmax",
            why="it trains more slowly (accuracy .921 against .985 in our reproduction)",
        )
    if head.loss_name in SQUARED:
        yield _weak(
            head,
            name="squared-error-for-classes",
            seen="a regression loss on a softmax",
            why="its gradient vanishes where the network is surely wrong (accuracy .583 against "
            ".985 in our reproduction)",
        )


def _weak(head: Head, *, name: str, seen: str, why: str) -> Finding:
    return Finding(
        name=name,
        severity="warning",
        at=head.name,
        seen=f"{seen} over {head.units} units",
        expected="a categorical cross-entropy",
        why=why,
        remedy="CategoricalCrossentropy for one-hot rows, SparseCategoricalCrossentropy for whole "
        "numbers; both give the same loss",
    )


def out_of_reach(head: Head) -> Iterator[Finding]:
    """Numbers to tell which the output's activation can never give."""
    bounds = BOUNDS.get(head.activation)
    if head.kind != "regression" or bounds is None or not _numeric(head.targets):
        return
    targets = np.asarray(head.targets)
    low, high = bounds
    n = int(((targets < low) | (targets > high)).sum())
    if n:
        yield Finding(
            name="targets-out-of-reach",
            severity="error",
            at=head.name,
            seen=f"targets from {targets.min():.3g} to {targets.max():.3g}, {n} of {targets.size} "
            f"outside what {head.activation} gives",
            expected=f"targets from {low:g} to {high:g}, or a linear output",
            why="predictions are clipped to the activation's range, and far targets saturate it",
            remedy="no activation in the last layer, and standardised targets",
        )


def _numeric(targets: np.ndarray | None) -> bool:
    return targets is not None and targets.dtype.kind in "iufb" and targets.size > 0
