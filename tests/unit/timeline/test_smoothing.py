"""Answers to windows become answers over time by the samples they share."""

import numpy as np
import pytest

from speechsent.timeline.smoothing import smoothed
from speechsent.timeline.windows import Window


def told(*answered, hop=2):
    """Moments as (start, end, value), at one sample a second."""
    windows = [(Window(*span), None if a is None else np.array([a])) for span, a in answered]
    return [
        (m.start, m.end, None if m.values is None else m.values.item())
        for m in smoothed(windows, hop=hop, sample_rate=1)
    ]


def test_where_two_windows_lie_the_mean_is_told():
    """Windows of four seconds, a hop of two: alone, both, alone."""
    assert told(((0, 4), 1.0), ((2, 6), 0.0)) == [(0, 2, 1.0), (2, 4, 0.5), (4, 6, 0.0)]


def test_windows_weigh_by_the_samples_they_share():
    """From 2 to 4 the first window has one second, the second two: (1 * 0.9 + 2 * 0.3) / 3."""
    found = told(((0, 3), 0.9), ((2, 5), 0.3))
    assert found == [
        (0, 2, pytest.approx(0.9)), (2, 4, pytest.approx(0.5)), (4, 5, pytest.approx(0.3)),
    ]  # fmt: skip


def test_stretches_do_not_mix_and_are_cut_where_speech_begins_and_ends():
    found = told(((0, 1), None), ((1, 3), 1.0), ((3, 5), None), ((5, 7), 0.0), ((7, 8), None))
    assert found == [
        (0, 1, None), (1, 2, 1.0), (2, 3, 1.0), (3, 4, None), (4, 5, None),
        (5, 6, 0.0), (6, 7, 0.0), (7, 8, None),
    ]  # fmt: skip


def test_a_moment_is_told_as_soon_as_no_later_window_can_reach_it():
    windows = iter([(Window(0, 4), np.array([1.0])), (Window(2, 6), np.array([0.0]))])
    moments = smoothed(windows, hop=2, sample_rate=1)
    assert next(moments).end == 2
    assert next(windows, None) is None, "the window from 2 on was needed, and no other"


def test_nothing_comes_of_nothing():
    assert told() == []
