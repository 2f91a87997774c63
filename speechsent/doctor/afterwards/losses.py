"""Losses of a finished training that never went where a loss should go: down."""

import math
from collections.abc import Iterator

import numpy as np

from speechsent.doctor.afterwards.curves import Curves
from speechsent.doctor.findings import Finding

FEW_EPOCHS = 3
FLAT = 5e-3  # of the loss
NEAR = 0.02  # of ln(classes)
RISE = 0.1  # of the first
LEARNED = 0.9
MOST_CLASSES = 20  # beyond, ln(n) is so close to ln(n + 1) that any loss is near one


def loss_findings(curves: Curves, n_classes: int | None) -> Iterator[Finding]:
    """At most one finding: the first of these hides the others."""
    loss = curves.of("loss")
    if not np.isfinite(loss).all():
        yield turned_nan(curves.name, loss)
    elif len(loss) < FEW_EPOCHS or _learned(curves):
        return
    elif (loss == loss[0]).all() and _unmoved(curves.score()):
        yield unchanged(curves.name, loss)
    elif (n := chance_classes(loss, curves.score(), n_classes)) is not None:
        yield at_chance(curves.name, loss, n)
    elif loss[-(len(loss) // 3) :].mean() > loss[0] + RISE * abs(loss[0]):  # some lie below 0
        yield rises(curves.name, loss)
    elif _spread(loss[1:] if len(loss) > FEW_EPOCHS else loss) < FLAT:
        yield flat(curves.name, loss)


def turned_nan(name: str, loss: np.ndarray) -> Finding:
    """NaN or infinity."""
    first = int(np.flatnonzero(~np.isfinite(loss))[0])
    before = f", {loss[first - 1]:.3g} in the epoch before" if first else ""
    return Finding(
        name="training-not-finite",
        severity="error",
        at=f"{name}, loss",
        seen=f"{loss[first]:g} from epoch {first + 1} on{before}",
        expected="a number in every epoch",
        why="from then on every weight is NaN, and whatever is saved is worthless",
        remedy="clipnorm=1.0 and a smaller learning rate; NaN or zeros among the inputs, if it was "
        "the first epoch",
    )


def unchanged(name: str, loss: np.ndarray) -> Finding:
    """The same figures in every epoch."""
    return Finding(
        name="nothing-changes",
        severity="error",
        at=f"{name}, loss",
        seen=f"{loss[0]:g} in all {len(loss)} epochs, to the last digit",
        expected="figures that move",
        why="no weight moves: a gradient or a learning rate of exactly 0, or nothing that trains",
        remedy="speechsent.examine(model, x, y) names the layers without a gradient",
    )


def at_chance(name: str, loss: np.ndarray, n_classes: int) -> Finding:
    """What guessing costs."""
    return Finding(
        name="loss-at-chance",
        severity="error",
        at=f"{name}, loss",
        seen=f"{loss.min():.4g} at best, {loss[-1]:.4g} in the end",
        expected=f"well below ln {n_classes} = {math.log(n_classes):.4g}",
        why=f"that is what guessing among {n_classes} classes costs: nothing was learnt",
        remedy="learn 12 samples by heart first (speechsent doctor --overfit); if that works, a "
        "larger learning rate, more epochs, less dropout",
    )


def rises(name: str, loss: np.ndarray) -> Finding:
    """Up instead of down."""
    return Finding(
        name="loss-rises",
        severity="error",
        at=f"{name}, loss",
        seen=f"{loss[0]:.3g} in epoch 1, {loss[-1]:.3g} in epoch {len(loss)}",
        expected="less than in epoch 1",
        why="steps lead away from the data: the rate is too high, or what the loss compares are no "
        "probabilities",
        remedy="a tenth of the learning rate; look at the last activation and from_logits",
    )


def flat(name: str, loss: np.ndarray) -> Finding:
    """Next to no movement, far from zero."""
    return Finding(
        name="loss-does-not-move",
        severity="error",
        at=f"{name}, loss",
        seen=f"{loss[-1]:.4g} in the end, changed by {_spread(loss[1:]):.2%} since epoch 2",
        expected=f"more than {FLAT:.1%}",
        why="the network has come to one answer in the first epoch and does not leave it",
        remedy="standardise the inputs, look for dead units and a saturated output: "
        "speechsent.examine(model, x, y); if it finds nothing, a larger learning rate",
    )


def chance_classes(loss: np.ndarray, score: np.ndarray, n_classes: int | None) -> int | None:
    """Number of classes among which such a loss is guessing; None if it is not.

    Without the number it is read off the loss, and the score must agree.
    """
    if n_classes is not None:
        return n_classes if loss.min() > (1 - NEAR) * math.log(n_classes) > 0.5 * loss[-1] else None
    n = round(math.exp(min(float(loss.mean()), 10.0)))
    if not 2 <= n <= MOST_CLASSES or not len(score):
        return None
    near = bool((np.abs(loss / math.log(n) - 1) < NEAR).all())
    return n if near and 0.5 < float(np.nanmean(score)) * n < 1.5 else None


def _learned(curves: Curves) -> bool:
    """A loss may be flat where there is nothing more to learn."""
    score, loss = curves.score(), curves.of("loss")
    good = bool(len(score)) and float(score[-1]) > LEARNED
    return good or bool(loss[-1] < loss[0] - 0.5 * abs(loss[0]))


def _unmoved(score: np.ndarray) -> bool:
    return not len(score) or bool((score == score[0]).all())


def _spread(loss: np.ndarray) -> float:
    return float((loss.max() - loss.min()) / max(abs(loss.mean()), 1e-12))
