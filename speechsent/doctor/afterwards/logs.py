"""The doctor on old logs: what the curves of a finished training give away."""

from collections.abc import Iterator
from pathlib import Path

from speechsent.doctor.afterwards.curves import Curves, read_curves
from speechsent.doctor.afterwards.fingerprints import fingerprints
from speechsent.doctor.afterwards.losses import loss_findings
from speechsent.doctor.afterwards.scores import score_findings
from speechsent.doctor.findings import Diagnosis, Finding, in_order
from speechsent.errors import ParameterError


def read_log(path: Path | str, *, classes: int | None = None) -> Diagnosis:
    """Look for what went wrong in a training of which only the log is left.

    Args:
        path: The CSV of ``keras.callbacks.CSVLogger``, the ``history.csv`` of a run, or a text
            file with what ``model.fit`` printed.
        classes: Number of classes, if known.

    Returns:
        The findings, errors first.

    Raises:
        ParameterError: If it is no log, or there are fewer than two classes.
    """
    if classes is not None and classes < 2:
        raise ParameterError(f"classes must be two or more. Received: classes={classes}")
    every = read_curves(path)
    findings = (finding for curves in every for finding in curve_findings(curves, classes))
    scope = tuple(f"{curves.n_epochs} epochs of {curves.name}" for curves in every)
    return Diagnosis(in_order(findings), scope)


def curve_findings(curves: Curves, classes: int | None = None) -> Iterator[Finding]:
    """Everything about one set of curves, causes first.

    Args:
        curves: The curves.
        classes: Number of classes, if known.
    """
    yield from fingerprints(curves)
    yield from loss_findings(curves, classes)
    yield from score_findings(curves)
