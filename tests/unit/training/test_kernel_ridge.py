import numpy as np
import pytest

from speechsent.errors import TrainingError
from speechsent.training.kernel_ridge import fitting_scale, main_directions, nearness, ridge


def test_the_solution_without_a_group_is_that_of_the_others(rng):
    """Against solving again with the rows of each group left out."""
    values = rng.standard_normal((30, 5))
    kernel, wanted = values @ values.T, rng.standard_normal((30, 2))
    penalties, groups = rng.uniform(0.5, 2, 30), np.arange(30) % 4
    dual, left_out = ridge(kernel, wanted, penalties, groups)
    kernel += 1  # the intercept
    np.testing.assert_allclose((kernel + np.diag(penalties)) @ dual, wanted, atol=1e-9)
    for group in range(4):
        other, own = groups != group, groups == group
        system = kernel[np.ix_(other, other)] + np.diag(penalties[other])
        expected = kernel[np.ix_(own, other)] @ np.linalg.solve(system, wanted[other])
        np.testing.assert_allclose(left_out[own], expected, atol=1e-9)


def test_the_scale_is_that_of_the_lowest_loss(rng):
    """Logits drawn so that their softmax at five times their size are the true chances."""
    logits = rng.standard_normal((20_000, 3))
    odds = np.exp(5 * logits)
    chances = odds / odds.sum(axis=1, keepdims=True)
    classes = (rng.random((20_000, 1)) > chances.cumsum(axis=1)).sum(axis=1)
    _, scale = fitting_scale(logits, classes, np.ones(20_000))
    assert scale == pytest.approx(5, rel=0.05)


def test_along_all_directions_nearness_is_a_gaussian_of_the_whole_distance(rng):
    values = rng.standard_normal((12, 30)).astype("float32")
    values -= values.mean(axis=0)
    squares = np.square(values[:, None] - values).mean(axis=2)
    points = values @ main_directions(values, 40, seed=0)
    np.testing.assert_allclose(nearness(points), np.exp(-squares / 2), atol=1e-5)
    assert not points[:, 11:].any()  # 12 rows less their mean have 11 directions


def test_a_seed_may_be_as_large_as_that_of_a_training(rng):
    directions = main_directions(rng.standard_normal((12, 5)).astype("float32"), 3, 2**63 - 1)
    np.testing.assert_allclose(np.square(directions).sum(axis=0), 0.5 / 5, rtol=1e-5)


def test_the_first_direction_is_that_in_which_rows_differ_most(rng):
    axis = np.array([0.6, 0.0, 0.8])
    values = rng.standard_normal((200, 1)) * axis + 0.01 * rng.standard_normal((200, 3))
    (found,) = main_directions((values - values.mean(axis=0)).astype("float32"), 1, seed=0).T
    assert abs(found @ axis) / np.linalg.norm(found) == pytest.approx(1, abs=1e-3)


def test_what_is_no_kernel_is_refused_with_a_remedy():
    with pytest.raises(TrainingError, match=r"cannot be solved.*functionals\.filters=0"):
        ridge(-5 * np.eye(6), np.ones((6, 2)), np.ones(6), np.arange(6) % 2)
