"""Do the labels fit the output and the loss?"""

from collections.abc import Iterator

import numpy as np

from speechsent.doctor.case import Case
from speechsent.doctor.findings import Finding
from speechsent.doctor.heads import Head
from speechsent.errors import some

DISTRIBUTION = 1e-3


def label_findings(case: Case) -> Iterator[Finding]:
    """Everything about the labels of each output."""
    for head in case.heads:
        yield from labels_of(head, case.n_classes)


def labels_of(head: Head, n_classes: int | None = None) -> Iterator[Finding]:
    """Everything about the labels of one output."""
    if head.targets is None or not len(head.targets):
        return
    refused = list(not_numbers(head)) or list(wrong_encoding(head)) or list(wrong_shape(head))
    if refused:
        yield from refused
        return
    yield from out_of_range(head)
    yield from not_whole(head)
    yield from no_distribution(head)
    yield from one_class(head)
    yield from unused_units(head, n_classes)


def not_numbers(head: Head) -> Iterator[Finding]:
    """Labels as text, or not finite."""
    targets = head.targets
    if targets is None:
        return
    if targets.dtype.kind not in "iufb":
        names = some(sorted(set(map(str, targets.reshape(-1)[:10_000]))))
        yield Finding(
            name="labels-not-numbers",
            severity="error",
            at=head.name,
            seen=f"labels such as {names}",
            expected="class numbers from 0, or one-hot rows",
            why="no loss of Keras compares text",
            remedy="classes = sorted(set(y)); y = np.array([classes.index(label) for label in y])",
        )
    elif not np.isfinite(targets).all():
        n = int((~np.isfinite(targets)).sum())
        meant = bool(np.isfinite(targets[head.counted]).all())
        yield Finding(
            name="labels-not-numbers",
            severity="note" if meant else "error",
            at=head.name,
            seen=f"{n} of {targets.size} values NaN or infinite",
            expected="none, unless the loss leaves them out" if meant else "none",
            why="one of them makes the loss, and from then on every weight, NaN",
            remedy="leave these samples out" + (", if your loss does not" if meant else ""),
        )


def wrong_encoding(head: Head) -> Iterator[Finding]:
    """One-hot rows where whole numbers are expected, or the other way round."""
    targets = np.asarray(head.targets)
    width = _width(head)
    if head.kind == "sparse" and targets.ndim == head.rank and width == head.units > 1:
        fitting, found = "CategoricalCrossentropy", "one-hot rows"
    elif head.kind == "categorical" and width == 1 < head.units:
        fitting, found = "SparseCategoricalCrossentropy", "whole numbers"
    elif head.kind in ("categorical", "binary") and width != head.units:
        fitting, found = f"a last layer with {width} units", f"rows of {width}"
    else:
        return
    yield Finding(
        name="loss-and-labels-disagree",
        severity="error",
        at=head.name,
        seen=f"{found}, labels {targets.shape} for {head.units} outputs with a {head.kind} "
        "cross-entropy",
        expected="one-hot rows with CategoricalCrossentropy, whole numbers with "
        "SparseCategoricalCrossentropy, 0 and 1 with BinaryCrossentropy",
        why="Keras stops with a ValueError about shapes; neither encoding is better",
        remedy=fitting,
    )


def wrong_shape(head: Head) -> Iterator[Finding]:
    """Labels of another shape than the output: Keras stops, or spreads one over the other."""
    targets = np.asarray(head.targets)
    if head.kind in ("other", "none") or head.rank < 2 or _fits(head):
        return
    silent = head.kind == "regression"
    a_row = "a number" if head.units == 1 else f"{head.units} numbers"
    yield Finding(
        name="loss-and-labels-disagree",
        severity="error",
        at=head.name,
        seen=f"labels {targets.shape} for outputs with {head.rank} axes, {head.units} on the last",
        expected="one label an answer" if head.kind == "sparse" else f"{a_row} an answer",
        why="Keras may spread one over the other, so that each answer is compared with labels that "
        "are not its own"
        if silent
        else "Keras stops with a ValueError about ranks or shapes",
        remedy="a last layer with as many units as there are labels a sample"
        if targets.ndim >= head.rank
        else "no return_sequences=True in the last recurrent layer, or pooling behind it, if there "
        "is one label a sequence",
    )


def _width(head: Head) -> int:
    """Labels that belong to one answer: a row of a column's answers may have been left flat."""
    targets = np.asarray(head.targets)
    flat = targets.ndim == 1 or (head.units == 1 and targets.ndim == head.rank - 1)
    return 1 if flat else int(targets.shape[-1])


def _fits(head: Head) -> bool:
    """Whether labels have the shape of the output, but for an axis of one, which Keras mends."""
    shape, width = np.asarray(head.targets).shape, _width(head)
    if head.kind == "sparse":
        return len(shape) == head.rank - 1 or (len(shape) == head.rank and width == 1)
    if len(shape) == head.rank - 1:
        return head.units == 1
    if len(shape) == head.rank + 1:
        return shape[-2:] == (head.units, 1)
    return len(shape) == head.rank and width == head.units


def out_of_range(head: Head) -> Iterator[Finding]:
    """Class numbers without a unit, and binary labels other than 0 and 1."""
    targets = np.asarray(head.targets)[head.counted]
    highest = {"sparse": head.units - 1, "binary": 1, "categorical": 1}.get(head.kind)
    if highest is None or not targets.size or (targets.min() >= 0 and targets.max() <= highest):
        return
    n = int(((targets < 0) | (targets > highest)).sum())
    yield Finding(
        name="labels-out-of-range",
        severity="error",
        at=head.name,
        seen=f"labels from {targets.min():g} to {targets.max():g}, {n} of {targets.size} outside",
        expected=f"labels from 0 to {highest}"
        + (f", as the head has {head.units} units" if head.kind == "sparse" else ""),
        why="training stops with an error on a CPU, and may give a loss of NaN on a GPU",
        remedy="map labels to 0, 1, ... by name: labels = sorted(set(y)); labels.index(label)",
    )


def not_whole(head: Head) -> Iterator[Finding]:
    """Fractions where class numbers are expected: Keras cuts them off."""
    targets = np.asarray(head.targets)
    n = int((targets != np.round(targets)).sum())
    if head.kind == "sparse" and n:
        yield Finding(
            name="labels-not-whole",
            severity="error",
            at=head.name,
            seen=f"{n} of {targets.size} labels are fractions",
            expected="whole numbers",
            why="each is cut to the whole number below it, so that classes melt together",
            remedy="y.astype(int) if they are class numbers, or a regression loss if they are not",
        )


def no_distribution(head: Head) -> Iterator[Finding]:
    """Rows for a categorical cross-entropy that do not sum to 1."""
    targets = np.asarray(head.targets)
    if head.kind != "categorical" or targets.ndim < 2:
        return
    sums = targets.sum(axis=getattr(head.loss, "axis", -1))
    n = int((np.abs(sums - 1) > DISTRIBUTION).sum())
    if n:
        yield Finding(
            name="label-rows-do-not-sum-to-1",
            severity="warning",
            at=head.name,
            seen=f"{n} of {sums.size} rows, with sums from {sums.min():.3g} to {sums.max():.3g}",
            expected="1 in every row",
            why="rows of zeros teach nothing, and rows of several ones ask a softmax for several "
            "answers at once",
            remedy="keras.utils.to_categorical(y, n), or sigmoid with BinaryCrossentropy if "
            "several labels may hold at once",
        )


def one_class(head: Head) -> Iterator[Finding]:
    """Nothing to tell apart."""
    classes = head.classes
    if not head.classifies or classes is None or len(classes) < 2 or len(np.unique(classes)) > 1:
        return
    yield Finding(
        name="one-class-only",
        severity="error",
        at=head.name,
        seen=f"all {len(classes)} labels are {classes[0]}",
        expected="two or more classes",
        why="the network learns to say it always, and accuracy is 1 from the start",
        remedy="look at how labels are made; if this is a slice of sorted data, shuffle first",
    )


def unused_units(head: Head, n_classes: int | None) -> Iterator[Finding]:
    """More units than classes: harmless, but often a sign of labels that got lost."""
    classes = head.classes
    if head.kind not in ("sparse", "categorical") or classes is None:
        return
    known = n_classes or len(np.unique(classes))
    few = known < head.units and (n_classes is not None or len(classes) >= 10 * head.units)
    if few and classes.max() < head.units:
        yield Finding(
            name="more-units-than-classes",
            severity="note",
            at=head.name,
            seen=f"{head.units} units, {known} classes",
            expected=f"{known} units",
            why="it trains as well, and the spare outputs go to 0",
            remedy=f"{known} units, if no class has been lost on the way",
        )
