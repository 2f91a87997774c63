"""The learning rate of each step: a linear warm-up, then a cosine."""

from math import pi
from typing import Any

import keras
from keras import ops

FLOOR = 0.01  # lowest rate, relative to the peak


class WarmUpCosine(keras.optimizers.schedules.LearningRateSchedule):
    """Rise from a hundredth of the peak to the peak, then fall as a cosine back down to it.

    Peak and lengths are variables, so that a compiled model can be trained on another fold, whose
    epochs have other lengths, without being traced anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.peak, self.n_warmup, self.n_decay = (
            keras.Variable(value, trainable=False, dtype="float32") for value in (0.0, 0.0, 1.0)
        )

    def plan(self, peak: float, n_steps: int, warmup: float) -> None:
        """Set the highest rate, the steps in all, and the share of them that warms up."""
        n_warmup = round(warmup * n_steps)
        self.peak.assign(peak)
        self.n_warmup.assign(n_warmup)
        self.n_decay.assign(max(1, n_steps - n_warmup))

    def __call__(self, step: Any) -> Any:
        """Rate of a step, counted from 0."""
        step = ops.cast(step, "float32")
        rise = step / ops.maximum(self.n_warmup, 1.0)
        fall = ops.clip((step - self.n_warmup) / self.n_decay, 0.0, 1.0)
        share = ops.where(step < self.n_warmup, rise, (1.0 + ops.cos(pi * fall)) / 2.0)
        return self.peak * (FLOOR + (1.0 - FLOOR) * share)

    def get_config(self) -> dict[str, Any]:
        """Nothing to configure: the plan is made anew by each training."""
        return {}
