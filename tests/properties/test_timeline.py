"""Whatever is said and when: time is covered once, by means of what was answered."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from speechsent.timeline.smoothing import smoothed
from speechsent.timeline.windows import windows

FRAMES = st.lists(st.tuples(st.integers(1, 7), st.booleans()), max_size=40)


def followed(frames, hop, length):
    """Moments of frames of some samples each; a window's answer is its first sample."""
    told, made = 0, []
    for size, speech in frames:
        made.append((np.arange(told, told + size), speech))
        told += size
    found = windows(made, length=length, hop=hop)
    answered = ((w, None if w.signal is None else w.signal[:1] / 1.0) for w in found)
    return list(smoothed(answered, hop=hop, sample_rate=1)), made


@given(frames=FRAMES, hop=st.integers(1, 6), extra=st.integers(0, 9))
def test_moments_cover_each_sample_once_and_tell_speech_from_the_rest(frames, hop, extra):
    moments, made = followed(frames, hop, 2 * hop + extra)
    assert all(one.end == other.start for one, other in pairwise(moments))
    assert all(0 < m.end - m.start <= hop for m in moments)
    told = [m.values is not None for m in moments for _ in range(round(m.end - m.start))]
    assert told == [speech for samples, speech in made for _ in samples]


@given(frames=FRAMES, hop=st.integers(1, 6), extra=st.integers(0, 9))
def test_what_is_told_of_a_moment_lies_between_the_answers_of_windows_over_it(frames, hop, extra):
    """Here a window answers with its start: no earlier than a window before the moment."""
    length = 2 * hop + extra
    for moment in followed(frames, hop, length)[0]:
        if moment.values is not None:
            assert moment.start - length < moment.values.item() < moment.end
