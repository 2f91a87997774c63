"""Rows and segments by hand."""

import numpy as np
import pytest

from speechsent.timeline.record import Timeline
from speechsent.timeline.smoothing import Moment

LABELS = ("anger", "neutral")


def timeline(*moments, tells_numbers=False):
    made = [
        Moment(start, end, None if values is None else np.array(values))
        for start, end, values in moments
    ]
    return Timeline.of(made, file="a.wav", labels=LABELS, tells_numbers=tells_numbers, hop=1.0)


SOME = (
    (0.0, 0.6, None),
    (0.6, 1.0, [0.8, 0.2]),
    (1.0, 2.0, [0.6, 0.4]),
    (2.0, 2.5, [0.1, 0.9]),
    (2.5, 2.8, None),
    (2.8, 3.0, [0.3, 0.7]),
)


def test_moments_of_one_emotion_are_joined_and_weigh_by_their_length():
    """Anger: (0.4 * 0.8 + 1.0 * 0.6) / 1.4."""
    found = timeline(*SOME).segments
    assert [(s.start, s.end, s.name) for s in found] == [
        (0.0, 0.6, "no speech"), (0.6, 2.0, "anger"), (2.0, 2.5, "neutral"),
        (2.5, 2.8, "no speech"), (2.8, 3.0, "neutral"),
    ]  # fmt: skip
    assert found[1].probability == pytest.approx(0.92 / 1.4)
    assert found[0].probability is None
    assert found[0].values == {}


def test_a_row_is_the_mean_of_the_speech_in_it():
    """In the last row: (0.5 * 0.1 + 0.2 * 0.3) / 0.7."""
    found = timeline(*SOME)
    assert found.times.tolist() == [0, 1, 2]
    assert found.speech.tolist() == [True, True, True]
    np.testing.assert_allclose(found.probabilities[:, 0], [0.8, 0.6, 0.11 / 0.7])
    assert found.duration == 3.0


def test_rows_without_speech_hold_no_number():
    found = timeline((0.0, 1.0, None), (1.0, 1.5, [1.0, 0.0]))
    assert found.speech.tolist() == [False, True]
    assert np.isnan(found.values[0]).all()


def test_numbers_are_told_of_each_stretch_of_speech():
    found = timeline((0.0, 1.0, [2.0, 4.0]), (1.0, 2.0, [4.0, 1.0]), tells_numbers=True).segments
    assert [(s.name, s.emotion, dict(s.values)) for s in found] == [
        ("speech", None, {"anger": 3.0, "neutral": 2.5})
    ]


def test_nothing_is_told_of_nothing():
    found = timeline()
    assert (found.duration, found.segments, found.values.shape) == (0.0, (), (0, 2))
