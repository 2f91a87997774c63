"""Windows over stretches of speech."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter

import numpy as np

from speechsent.timeline.speech import Frame


@dataclass(frozen=True)
class Window:
    """Part of a recording that is heard as a clip of its own, or in which nobody speaks.

    Args:
        start: First sample.
        end: Sample behind the last one.
        signal: The samples, ``(end - start,)``; None where nobody speaks.
    """

    start: int
    end: int
    signal: np.ndarray | None = None


def windows(frames: Iterable[Frame], *, length: int, hop: int) -> Iterator[Window]:
    """Overlapping windows over each stretch of speech, and the frames between, in order of time.

    In a stretch the first window begins where it begins, the next ones a hop later each. The last
    one ends where the stretch ends, so it may be shorter, by less than a hop.

    Args:
        frames: Samples, each frame with whether it is speech.
        length: Samples in a window.
        hop: Samples from one window to the next, at most half of ``length``.
    """
    position = 0
    for speech, stretch in groupby(frames, key=itemgetter(1)):
        over = partial(_over, length=length, hop=hop) if speech else _quiet
        for window in over(stretch, position):
            yield window
            position = window.end


def _quiet(frames: Iterable[Frame], start: int) -> Iterator[Window]:
    for frame, _ in frames:
        yield Window(start, start + len(frame))
        start += len(frame)


def _over(frames: Iterable[Frame], start: int, length: int, hop: int) -> Iterator[Window]:
    """Windows over one stretch."""
    parts: list[np.ndarray] = []
    n_samples, n_told = 0, 0
    for frame, _ in frames:
        parts.append(frame)
        n_samples += len(frame)
        while n_samples >= length:
            signal = np.concatenate(parts)
            yield Window(start, start + length, signal[:length])
            parts, n_samples, n_told = [signal[hop:]], n_samples - hop, length - hop
            start += hop
    if n_samples > n_told:
        yield Window(start, start + n_samples, np.concatenate(parts))
