import math

import pytest

from speechsent.training.schedule import WarmUpCosine


def planned(peak, n_steps, warmup):
    schedule = WarmUpCosine()
    schedule.plan(peak, n_steps, warmup)
    return schedule


def test_the_rate_warms_up_and_falls_as_a_cosine():
    """100 steps, a tenth of them warm-up, peak 1: the values by hand."""
    schedule = planned(1.0, 100, 0.1)
    assert float(schedule(0)) == pytest.approx(0.01)
    assert float(schedule(5)) == pytest.approx(0.01 + 0.99 / 2)
    assert float(schedule(10)) == pytest.approx(1.0)
    assert float(schedule(40)) == pytest.approx(0.01 + 0.99 * (1 + math.cos(math.pi / 3)) / 2)
    assert float(schedule(55)) == pytest.approx(0.01 + 0.99 / 2)
    assert float(schedule(100)) == pytest.approx(0.01)
    assert float(schedule(200)) == pytest.approx(0.01)


def test_without_warm_up_the_rate_starts_at_its_peak():
    schedule = planned(0.5, 10, 0.0)
    assert float(schedule(0)) == pytest.approx(0.5)
    assert float(schedule(10)) == pytest.approx(0.005)


@pytest.mark.parametrize(("n_steps", "warmup"), [(1, 0.1), (1, 0.99), (3, 0.99)])
def test_very_short_trainings_have_a_rate(n_steps, warmup):
    schedule = planned(1.0, n_steps, warmup)
    assert all(0 < float(schedule(step)) <= 1 for step in range(n_steps + 1))


def test_a_new_plan_replaces_the_old_one():
    schedule = planned(1.0, 100, 0.1)
    schedule.plan(0.5, 10, 0.0)
    assert float(schedule(0)) == pytest.approx(0.5)
