"""What the losses of the epochs tell."""

from collections.abc import Iterator, Sequence

import numpy as np

from speechsent.doctor.findings import Finding

STILL_EPOCHS, STILL_STEPS = 4, 60
STILL = 1e-3  # of the first loss
RISING_EPOCHS = 5
RISE = 0.1


def still_loss(losses: Sequence[float], steps: int) -> Iterator[Finding]:
    """A training loss that has never moved.

    Args:
        losses: Of each epoch so far.
        steps: Steps so far.
    """
    if len(losses) < STILL_EPOCHS or steps < STILL_STEPS or not np.isfinite(losses).all():
        return
    moved = max(abs(loss - losses[0]) for loss in losses)
    if moved > STILL * abs(losses[0]):
        return
    yield Finding(
        name="loss-does-not-move",
        severity="error",
        at="loss",
        seen=f"{losses[0]:.5g} to {losses[-1]:.5g} in {len(losses)} epochs, {steps} steps",
        expected=f"a change of more than {STILL:.1%}",
        why="no weight that matters moves",
        remedy="speechsent.examine(model, x, y) finds the usual causes: dead or saturated units, "
        "frozen layers, outputs that do not fit the loss; else a higher learning rate",
    )


def overfitting(
    losses: Sequence[float], validation: Sequence[float], *, keeps_best: bool
) -> Iterator[Finding]:
    """Validation loss that has risen for epochs while training loss went on falling.

    Args:
        losses: Training loss of each epoch so far.
        validation: Validation loss of each.
        keeps_best: Whether the weights of the best epoch are put back.
    """
    if not validation or len(validation) != len(losses) or not np.isfinite(validation).all():
        return
    best = int(np.argmin(validation))
    latest = validation[best + 1 :][-RISING_EPOCHS:]
    limit = validation[best] + RISE * abs(validation[best])  # some losses lie below 0
    risen = len(latest) == RISING_EPOCHS and min(latest) > limit
    if not risen or losses[-1] >= losses[best]:
        return
    yield Finding(
        name="overfitting",
        severity="note" if keeps_best else "warning",
        at=f"from epoch {best + 2}",
        seen=f"validation loss {validation[best]:.3g} in epoch {best + 1}, {validation[-1]:.3g} "
        f"in epoch {len(validation)}; training loss {losses[best]:.3g} and {losses[-1]:.3g}",
        expected=f"within {RISE:.0%} of the best, or training stopped there",
        why="the network learns its training samples by heart; "
        + ("the best epoch is kept" if keeps_best else "the last weights are not the best"),
        remedy="EarlyStopping(monitor='val_loss', restore_best_weights=True); more dropout, "
        "augmentation or data, or a smaller network",
    )
