"""Losses that give their fault away: a constant behind them that only clipping makes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from speechsent.doctor.afterwards.curves import Curves
from speechsent.doctor.findings import Finding

CLOSE = 3e-3
TOO_FEW = 0.01  # wrong (or right) answers: a quotient of rounded figures says nothing
# Loss of one answer given with the least probability that a version of Keras lets through.
COSTS = {
    16.118: "-ln 1e-7, where Keras clips probabilities",
    15.942: "-ln 2^-23, the step of 32-bit numbers below 1",
    20.723: "-ln 1e-9, where Keras of 2015 clipped probabilities",
}


@dataclass(frozen=True)
class Reading:
    """What a constant quotient says.

    Args:
        quotient: The quotient in words.
        why: What it means.
        remedy: What to change.
    """

    quotient: str
    why: str
    remedy: str


WRONG = Reading(
    "loss / (1 - accuracy)",
    "every wrong answer is given with certainty, and from there no gradient comes back: the "
    "outputs are saturated",
    "look for a softmax over one unit (softmax-of-one), inputs that are too large (input-scale), "
    "dead units; speechsent.examine(model, x, y) tells which",
)
RIGHT = Reading(
    "loss / accuracy",
    "it is the right answers that cost: the outputs are no probabilities, and the loss divides "
    "them by a negative sum",
    "activation='softmax' in the last layer, or from_logits=True in the loss",
)


def fingerprints(curves: Curves) -> Iterator[Finding]:
    """Quotients of loss and accuracy that stay at a known constant for two epochs."""
    for part in ("", "val_"):
        loss, accuracy = curves.of(f"{part}loss"), curves.accuracy(part)
        if not len(accuracy):
            continue
        for reading, share in ((WRONG, 1 - accuracy), (RIGHT, accuracy)):
            found = saturation(loss, share)
            if found is not None:
                yield _finding(curves.name, part, reading, *found)
                return


def saturation(loss: np.ndarray, share: np.ndarray) -> tuple[float, int] | None:
    """The known constant that ``loss / share`` stays at, and in how many epochs; None if none.

    Example:
        >>> saturation(np.array([7.0776, 7.0776]), 1 - np.array([0.5560, 0.5560]))
        (15.942, 2)
    """
    quotient = np.divide(loss, share, out=np.full(len(loss), np.nan), where=share > TOO_FEW)
    for cost in COSTS:
        near = np.abs(quotient / cost - 1) < CLOSE
        if (near[1:] & near[:-1]).any():
            return cost, int(near.sum())
    return None


def _finding(name: str, part: str, reading: Reading, cost: float, n: int) -> Finding:
    return Finding(
        name="saturated-loss",
        severity="error",
        at=f"{name}, {part}loss",
        seen=f"{reading.quotient} = {cost:g} in {n} epochs ({COSTS[cost]})",
        expected="a quotient that changes from epoch to epoch",
        why=reading.why,
        remedy=reading.remedy,
    )
