"""What is told of one recording over time."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from speechsent.timeline.smoothing import Moment

NO_SPEECH = "no speech"
SPEECH = "speech"


@dataclass(frozen=True)
class Segment:
    """A stretch of one emotion, of speech told as numbers, or without speech.

    Args:
        start: Second at which it starts.
        end: Second at which it ends.
        speech: Whether somebody speaks.
        emotion: The most probable emotion of each of its parts; None without speech, and where
            numbers are told.
        values: Mean probability of each emotion, or mean of each number, over its time; empty
            without speech.
    """

    start: float
    end: float
    speech: bool
    emotion: str | None
    values: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The emotion, ``"speech"`` where numbers are told, or ``"no speech"``."""
        return self.emotion or (SPEECH if self.speech else NO_SPEECH)

    @property
    def probability(self) -> float | None:
        """Mean probability of the emotion; None where there is none."""
        return self.values[self.emotion] if self.emotion else None


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Emotions, or numbers, of one recording over time.

    Args:
        file: The recording.
        labels: Emotions, or targets, in the order of ``values``.
        tells_numbers: Whether ``values`` are numbers, not probabilities.
        hop: Seconds from one row to the next.
        duration: Seconds in all.
        times: Second at which each row starts, ``(n_rows,)``; a row lasts ``hop``.
        values: Probabilities or numbers, ``(n_rows, n_outputs)``; nan in rows without speech.
        speech: Whether there is speech in a row, ``(n_rows,)``.
        segments: What follows what, without a gap, from 0 to ``duration``; speech begins and ends
            where it does, not at the next row.
    """

    file: str
    labels: tuple[str, ...]
    tells_numbers: bool
    hop: float
    duration: float
    times: np.ndarray
    values: np.ndarray
    speech: np.ndarray
    segments: tuple[Segment, ...]

    @property
    def probabilities(self) -> np.ndarray:
        """``values``, under the name they have where emotions are told."""
        return self.values

    @classmethod
    def of(
        cls,
        moments: Iterable[Moment],
        *,
        file: str,
        labels: tuple[str, ...],
        tells_numbers: bool,
        hop: float,
    ) -> "Timeline":
        """Gather moments that follow each other from 0 on."""
        kept = list(moments)
        rows = [_row(part, len(labels)) for _, part in groupby(kept, lambda m: row_of(m, hop))]
        values = np.array(rows).reshape(-1, len(labels))
        return cls(
            file=file,
            labels=labels,
            tells_numbers=tells_numbers,
            hop=hop,
            duration=kept[-1].end if kept else 0.0,
            times=np.arange(len(rows)) * hop,
            values=values,
            speech=~np.isnan(values).any(axis=1),
            segments=tuple(segments(kept, labels, tells_numbers=tells_numbers)),
        )


def row_of(moment: Moment, hop: float) -> int:
    """Number of the row a moment lies in; its middle decides, for rounding moves its edges."""
    return int((moment.start + moment.end) / 2 // hop)


def _row(moments: Iterable[Moment], n_outputs: int) -> np.ndarray:
    """Mean over the speech in one row, by time; nan if there is none."""
    spoken = [m for m in moments if m.values is not None]
    return _mean(spoken) if spoken else np.full(n_outputs, np.nan)


def segments(
    moments: Iterable[Moment], labels: tuple[str, ...], *, tells_numbers: bool = False
) -> Iterator[Segment]:
    """Join moments of the same emotion, or of speech where numbers are told.

    Args:
        moments: In order of time, without gaps.
        labels: Emotions, or targets.
        tells_numbers: Whether the values are numbers.
    """

    def kind(moment: Moment) -> tuple[bool, str | None]:
        if moment.values is None:
            return False, None
        return True, None if tells_numbers else labels[int(moment.values.argmax())]

    for (speech, emotion), group in groupby(moments, kind):
        joined = list(group)
        values = dict(zip(labels, _mean(joined).tolist(), strict=True)) if speech else {}
        yield Segment(joined[0].start, joined[-1].end, speech, emotion, values)


def _mean(spoken: list[Moment]) -> np.ndarray:
    """Mean of their values by their length."""
    values = [m.values for m in spoken if m.values is not None]
    return np.average(values, axis=0, weights=[m.end - m.start for m in spoken])
