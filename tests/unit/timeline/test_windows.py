"""Windows cover each stretch of speech, and nothing else."""

import numpy as np
import pytest

from speechsent.timeline.windows import windows


def spans(kinds, length, hop, size=1):
    """Windows over frames of ``size`` samples: start, end, and whether it is speech."""
    frames = [(np.arange(i * size, (i + 1) * size), kind == "s") for i, kind in enumerate(kinds)]
    found = list(windows(frames, length=length, hop=hop))
    for window in found:
        if window.signal is not None:
            assert window.signal.tolist() == list(range(window.start, window.end))
    return [(w.start, w.end) for w in found if w.signal is not None]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("ss", [(0, 2)]),
        ("ssss", [(0, 4)]),
        ("sssss", [(0, 4), (2, 5)]),
        ("ssssss", [(0, 4), (2, 6)]),
        ("sssssss", [(0, 4), (2, 6), (4, 7)]),
        ("..sss.sssss", [(2, 5), (6, 10), (8, 11)]),
        ("...", []),
        ("", []),
    ],
)
def test_windows_start_with_the_speech_and_end_with_it(kinds, expected):
    """Windows of four samples, a hop of two; computed by hand."""
    assert spans(kinds, length=4, hop=2) == expected


def test_frames_need_not_fit_into_windows():
    """Frames of three samples, windows of four, a hop of two."""
    assert spans("sss", length=4, hop=2, size=3) == [(0, 4), (2, 6), (4, 8), (6, 9)]


def test_quiet_is_passed_on_frame_by_frame():
    frames = [(np.zeros(5), False), (np.zeros(5), False)]
    found = list(windows(frames, length=4, hop=2))
    assert [(w.start, w.end, w.signal) for w in found] == [(0, 5, None), (5, 10, None)]
