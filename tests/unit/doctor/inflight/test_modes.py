import numpy as np
import pytest
from keras import layers

from speechsent.doctor.inflight.modes import (
    loss_gap,
    misleading_figures,
    running_accuracy,
    settled,
    shifted_variances,
)


@pytest.mark.parametrize(
    ("training", "inference", "severity"),
    [
        (0.017, 5.159, "error"),
        (4.236, 1.113, "warning"),
        (1.244, 1.244, None),
        (0.9, 1.1, None),
        (8.0, 9.9, None),
    ],
)
def test_losses_apart_by_a_quarter_disagree(training, inference, severity):
    """A quarter of a nat, or of the loss where that is more."""
    found = [finding.severity for finding in loss_gap(training, inference)]
    assert found == ([severity] if severity else [])


def test_averages_settle_with_the_steps():
    """.99 to the power of 229 is .1001, of 230 .0991."""
    layer = layers.BatchNormalization(momentum=0.99)
    assert [settled(layer, n) for n in (229, 230)] == [False, True]


@pytest.mark.parametrize(("ratio", "told"), [(0.46, True), (0.9, False), (1.5, True)])
def test_a_variance_that_shifts_is_told(ratio, told):
    layer = layers.BatchNormalization(name="norm", epsilon=1e-12)
    layer.build((None, 2))
    found = list(shifted_variances([layer], {id(layer): np.array([2 * ratio, ratio / 2])}))
    assert [f.name for f in found] == ["variance-shifts-at-batchnorm"] * told
    assert all(f"{ratio:.2g} of that in training" in f.seen for f in found)


@pytest.mark.parametrize(
    ("running", "measured", "severity"),
    [(0.713, 0.967, "note"), (1.0, 0.32, "warning"), (0.7, 0.8, None), (0.8, 0.6, None)],
)
def test_running_accuracy_against_inference(running, measured, severity):
    found = [finding.severity for finding in misleading_figures(running, measured, 64)]
    assert found == ([severity] if severity else [])


def test_accuracy_is_found_by_any_of_its_names():
    assert running_accuracy({"loss": 1.0, "categorical_accuracy": 0.5}) == 0.5
    assert running_accuracy({"loss": 1.0, "val_accuracy": 0.5}) is None
