"""How far weights move: neither out of all proportion nor not at all."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from speechsent.doctor.findings import Finding

TOO_FAR = 10.0  # 32 healthy networks moved by .042 to .246 in ten steps, broken ones by 1,000
TOO_LITTLE = 1e-4
LATER = (10, 100, 1000)  # times the steps so far
WARMING = 10.0

Values = Mapping[int, np.ndarray]


def kernels(model: keras.Model) -> list[keras.Variable]:
    """Variables that train and have two axes or more: biases start at 0, so no share is theirs."""
    return [v for v in model.trainable_variables if len(v.shape) > 1]


def values_of(variables: Sequence[keras.Variable]) -> Values:
    """Copies of variables, by ``id``."""
    return {id(v): v.numpy() for v in variables}  # convert_to_numpy would copy them twice


def warms_up(optimizer: Any) -> bool:
    """Whether a schedule is to raise the learning rate to ten times what it is, or more."""
    rate = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return False
    step = max(int(optimizer.iterations), 1)
    return max(float(rate(step * later)) for later in LATER) >= WARMING * float(rate(step))


def movement(
    variables: Sequence[keras.Variable], start: Values, step: int, *, warming: bool = False
) -> Iterator[Finding]:
    """How far the weights have gone since training began.

    Args:
        variables: Those that train.
        start: Their values when training began, by ``id``.
        step: Steps since then.
        warming: Whether the first steps are small on purpose.
    """
    shares = [_moved(v, start[id(v)]) for v in variables if start[id(v)].any()]
    if not shares:
        return
    median = float(np.median(shares))
    if median > TOO_FAR:
        yield Finding(
            name="steps-too-large",
            severity="error",
            at="the median of all weights",
            seen=f"moved by {median:.3g} times their length in {step} steps",
            expected="0.04 to 0.25 times",
            why="whatever the weights were set to at the start is gone, and units are driven to "
            "where no gradient reaches them",
            remedy="standardise inputs and targets; a learning rate a hundred times lower; "
            "clipnorm=1.0 in the optimiser",
        )
    elif median < TOO_LITTLE and not warming:
        yield Finding(
            name="steps-too-small",
            severity="warning",
            at="the median of all weights",
            seen=f"moved by {median:.2g} times their length in {step} steps",
            expected="0.04 to 0.25 times",
            why="at this pace nothing is learnt in any number of epochs one would wait for",
            remedy="a higher learning rate (Adam: 1e-3); see that compile() was given the "
            "optimiser with your rate, not its name",
        )


def _moved(variable: keras.Variable, start: np.ndarray) -> float:
    now = keras.ops.convert_to_numpy(variable)
    return float(np.linalg.norm(now - start) / np.linalg.norm(start))
