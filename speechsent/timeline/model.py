"""What hears the windows of a timeline: a run, an exported file, or anything that answers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from speechsent.audio import AudioConfig
from speechsent.timeline.smoothing import Answered
from speechsent.timeline.windows import Window

if TYPE_CHECKING:
    from speechsent.recogniser import Recogniser

LONGEST = 1024  # windows and quiet frames in a group, so that an hour of quiet is not kept


@runtime_checkable
class Model(Protocol):
    """Answers short clips.

    Attributes:
        labels: Emotions, or targets, in the order of the answers.
        tells_numbers: Whether it tells numbers, not probabilities.
        audio: Rate of the samples it takes.
        window_seconds: Length of its windows.
    """

    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def tells_numbers(self) -> bool: ...
    @property
    def audio(self) -> AudioConfig: ...
    @property
    def window_seconds(self) -> float: ...

    def answers(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities or numbers of each signal, ``(n_signals, n_outputs)``."""
        ...


@dataclass(frozen=True)
class TrainedModel:
    """A finished run as a model of timelines; see :class:`Model`.

    Args:
        recogniser: The run's model in memory.
    """

    recogniser: "Recogniser"

    @property
    def labels(self) -> tuple[str, ...]:
        """Emotions, or targets."""
        return self.recogniser.labels

    @property
    def tells_numbers(self) -> bool:
        """Whether it tells numbers."""
        return self.recogniser.scale is not None

    @property
    def audio(self) -> AudioConfig:
        """Rate of its samples."""
        return self.recogniser.extractor.audio

    @property
    def window_seconds(self) -> float:
        """Length of its windows."""
        return self.recogniser.run.config.view.seconds

    def answers(self, signals: Sequence[np.ndarray]) -> np.ndarray:
        """Probabilities, not calibrated, or numbers."""
        return self.recogniser.short_clips(signals)


def answered(model: Model, windows: Iterable[Window], *, at_once: int) -> Iterator[Answered]:
    """Each window with its answer, in the same order.

    Args:
        model: What answers.
        windows: Windows, and frames in which nobody speaks.
        at_once: Windows evaluated at once; 1 waits for no other window.
    """
    for group in _grouped(windows, at_once):
        signals = [window.signal for window in group if window.signal is not None]
        found = iter(model.answers(signals) if signals else ())
        for window in group:
            yield window, None if window.signal is None else next(found)


def _grouped(windows: Iterable[Window], at_once: int) -> Iterator[list[Window]]:
    """In groups with ``at_once`` windows of speech each; what is quiet waits for no other."""
    group: list[Window] = []
    n_speech = 0
    for window in windows:
        group.append(window)
        n_speech += window.signal is not None
        if n_speech in (0, at_once) or len(group) >= LONGEST:
            yield group
            group, n_speech = [], 0
    yield group
