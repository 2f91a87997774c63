"""From answers to overlapping windows to answers over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from speechsent.timeline.windows import Window

Answered = tuple[Window, np.ndarray | None]


@dataclass(frozen=True)
class Moment:
    """A short part of a recording.

    Args:
        start: Second at which it starts.
        end: Second at which it ends, at most a hop later.
        values: Probabilities, or numbers, ``(n_outputs,)``; None where nobody speaks.
    """

    start: float
    end: float
    values: np.ndarray | None


def smoothed(answered: Iterable[Answered], *, hop: int, sample_rate: int) -> Iterator[Moment]:
    """Cut the time at multiples of the hop and where speech begins or ends.

    The answer to each part is the mean of the answers to the windows over it, each weighted by
    the samples they share. Windows of other stretches of speech have no say. A part is told as
    soon as no later window can reach it.

    Args:
        answered: Windows with their answers, in order of time.
        hop: Samples between cuts.
        sample_rate: Hz.
    """
    over: list[Answered] = []  # windows that may reach what is not told yet
    told = end = 0  # samples

    def tell(until: int) -> Iterator[Moment]:
        nonlocal told
        while told < until:
            stop = min(until, (told // hop + 1) * hop)
            yield Moment(told / sample_rate, stop / sample_rate, _mean(over, told, stop))
            told = stop

    for window, answer in answered:
        turn = bool(over) and (over[-1][1] is None) != (answer is None)
        yield from tell(end if turn else window.start // hop * hop)
        over = [(w, a) for w, a in over if w.end > told]
        over.append((window, answer))
        end = window.end
    yield from tell(end)


def _mean(over: list[Answered], start: int, stop: int) -> np.ndarray | None:
    """Mean of the answers, weighted by the samples from ``start`` to ``stop`` they share."""
    shared = [max(0, min(w.end, stop) - max(w.start, start)) for w, _ in over]
    answers = [a for _, a in over if a is not None]
    return np.average(answers, axis=0, weights=shared) if answers else None
