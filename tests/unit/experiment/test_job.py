"""What is fitted once more when all is chosen, in honest runs and in those that leak on purpose."""

from types import SimpleNamespace

import pytest

from speechsent.config import from_dict
from speechsent.experiment.job import Job

HONEST = {"train": [0, 1], "validation": [2], "test": [3]}
CHOSEN_ON_TEST = {"train": [0, 1], "validation": [2, 3], "test": [2, 3]}


def job(fit_refit, parts, leaky):
    """A training of a fusion; its functionals are solved once more by default."""
    config = from_dict({"fit": {"refit": fit_refit}, "fusion": {"mode": "joint"}})
    prepared = SimpleNamespace(parts=parts, split=SimpleNamespace(leaky=leaky))
    return Job(config, prepared, *[None] * 5)


@pytest.mark.parametrize(
    ("parts", "leaky", "again"),
    [
        (HONEST, "", True),
        (HONEST, "LEAKY: clips were split at random", True),
        (CHOSEN_ON_TEST, "LEAKY: the epoch was chosen on the test clips", False),
    ],
)
def test_validation_clips_are_fitted_to_as_well_unless_they_are_the_test_clips(parts, leaky, again):
    """Else what a leak gains would be told too low: the honest run beside it was fitted to more."""
    assert job(True, parts, leaky).refit is again
    assert job(False, parts, leaky).functionals_refit is again
    assert not job(False, parts, leaky).refit
    assert not job(True, parts, leaky).functionals_refit
