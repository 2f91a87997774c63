"""Scores of a finished training that stand still, or tell something else than they seem to."""

from collections.abc import Iterator

import numpy as np

from speechsent.doctor.afterwards.curves import Curves
from speechsent.doctor.findings import Finding

FEW_EPOCHS = 3
MANY_EPOCHS = 10
PERFECT = 0.99
WORSE = 1.1  # validation loss over its lowest
LESS = 0.9  # training loss over what it was then
ABOVE = 0.05
GAIN, GAP, LUCK = 0.2, 0.3, 0.02


def score_findings(curves: Curves) -> Iterator[Finding]:
    """Everything about accuracies, and about training beside validation."""
    yield from constant(curves)
    yield from never_improves(curves)
    yield from overfitting(curves)
    yield from above_training(curves)


def constant(curves: Curves) -> Iterator[Finding]:
    """The same accuracy, epoch after epoch: one class is always told."""
    score = curves.score()
    n = _tail(score)
    long = n >= max(FEW_EPOCHS, len(score) - 1) or (n >= MANY_EPOCHS and not curves.honest)
    if long and 0 < score[-1] < PERFECT:
        yield Finding(
            name="accuracy-constant",
            severity="error",
            at=f"{curves.name}, training score",
            seen=f"{score[-1]:.4g} in the last {n} of {len(score)} epochs, to the last digit",
            expected="a score that moves with the weights",
            why="the network gives the same answer to everything, and the score is the share of "
            "that class",
            remedy="speechsent.examine(model, x, y): a softmax over one unit, inputs that are too "
            "large, dead units",
        )


def _tail(score: np.ndarray) -> int:
    """In how many last epochs the score did not move."""
    moved = np.flatnonzero(score != score[-1]) if len(score) else score
    return len(score) - (int(moved[-1]) + 1 if len(moved) else 0)


def never_improves(curves: Curves) -> Iterator[Finding]:
    """Training gets better and better, and validation never does, from the first epoch on."""
    score, validated = curves.score(), curves.score("val_")
    if len(validated) <= FEW_EPOCHS or len(score) != len(validated):
        return
    stuck = np.nanmax(validated) <= validated[0] + LUCK
    if stuck and score[-1] > score[0] + GAIN and score[-1] > validated[-1] + GAP:
        yield Finding(
            name="validation-never-improves",
            severity="warning",
            at=f"{curves.name}, validation score",
            seen=f"training {score[0]:.3g} to {score[-1]:.3g}, validation {validated[0]:.3g} to "
            f"{validated[-1]:.3g}",
            expected="both to rise at first",
            why="what is validated on is something else than what is trained on: sorted samples, "
            "classes that are missing, or BatchNorm that is another network in inference",
            remedy="speechsent.examine(model, x, y, validation_data=...) looks for all three",
        )


def overfitting(curves: Curves) -> Iterator[Finding]:
    """Validation gets worse while training gets better."""
    loss, validated = curves.of("loss"), curves.of("val_loss")
    if len(validated) < 2 * FEW_EPOCHS or not np.isfinite(validated).all():
        return
    best = int(np.argmin(validated))
    last = float(validated[-FEW_EPOCHS:].mean())
    if len(validated) - best <= FEW_EPOCHS or last < _times(WORSE, validated[best]):
        return
    if loss[-1] > _times(LESS, loss[best]):
        return
    yield Finding(
        name="overfitting",
        severity="note" if curves.best_kept else "warning",
        at=f"{curves.name}, epoch {best + 1}",
        seen=f"validation loss {validated[best]:.3g} in epoch {best + 1}, {last:.3g} in the end; "
        f"training loss {loss[best]:.3g} and {loss[-1]:.3g}",
        expected=f"a validation loss that ends within {WORSE - 1:.0%} of its lowest",
        why="from there on the network learns the training samples by heart"
        + ("; the best epoch was kept" if curves.best_kept else ""),
        remedy="EarlyStopping(restore_best_weights=True); more data, augmentation, dropout or "
        "weight decay; fewer weights",
    )


def _times(factor: float, loss: float) -> float:
    """A loss made worse or better by a factor; some losses lie below 0."""
    return loss + (factor - 1) * abs(loss)


def above_training(curves: Curves) -> Iterator[Finding]:
    """Validation better than training, which training figures often only seem."""
    accuracy, validated = curves.accuracy(), curves.accuracy("val_")
    if curves.honest or len(accuracy) < 2 or len(accuracy) != len(validated):
        return
    above = validated - accuracy > ABOVE
    if above.mean() >= 0.5:
        yield Finding(
            name="validation-above-training",
            severity="warning",
            at=f"{curves.name}, accuracy",
            seen=f"validation above training by more than {ABOVE:g} in {int(above.sum())} of "
            f"{len(above)} epochs, by {(validated - accuracy).max():.2g} at most",
            expected="training above validation",
            why="Keras averages training figures over the epoch with dropout on (.713 for .967 in "
            "our reproduction); else validation samples have been trained on",
            remedy="model.evaluate(x_train, y_train) for the true figure; if it is lower still, "
            "look for samples or speakers on both sides",
        )
