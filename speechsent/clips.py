"""Clips as a network is shown them: standardised windows of both views; nothing random."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from speechsent.answers import Answer, answer_of
from speechsent.features.image import to_image
from speechsent.features.standardize import Statistics
from speechsent.features.voice import Views
from speechsent.recognised import AT_ONCE

Item = TypeVar("Item")
Inputs = dict[str, np.ndarray]


class Picked(Sequence[Item]):
    """Some items of a sequence, fetched when asked for: features may lie on disk.

    Args:
        items: The sequence.
        indices: Which of its items, in which order.
    """

    def __init__(self, items: Sequence[Item], indices: Sequence[int]) -> None:
        self._items, self._indices = items, tuple(indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: Any) -> Any:
        return self._items[self._indices[index]]


@dataclass(frozen=True)
class Clips:
    """Raw features of some clips, the statistics that standardise each, and what is asked.

    Args:
        views: Sequences by view, one a clip, each ``(n_frames, n_values)``.
        statistics: Statistics by view, one a clip.
        classes: Class index of each clip, shape ``(n_clips,)``; all 0 if there are targets.
        n_classes: Number of emotions; 1 if there are targets.
        n_window: Frames in a window.
        ids: Name of each clip, by which stages of a training know what they were fitted on.
        targets: Standardised numbers to tell, shape ``(n_clips, n_targets)``; None for emotions.
        speakers: Speaker of each clip, None where unknown; empty if nobody asked.
    """

    views: Mapping[str, Sequence[np.ndarray]]
    statistics: Mapping[str, Sequence[Statistics]]
    classes: np.ndarray
    n_classes: int
    n_window: int
    ids: tuple[str, ...]
    targets: np.ndarray | None = None
    speakers: tuple[str | None, ...] = ()

    def __len__(self) -> int:
        return len(self.classes)

    def subset(self, indices: Sequence[int]) -> "Clips":
        """The clips with these indices, in this order."""
        return Clips(
            {view: Picked(clips, indices) for view, clips in self.views.items()},
            {view: Picked(stats, indices) for view, stats in self.statistics.items()},
            self.classes[list(indices)],
            self.n_classes,
            self.n_window,
            tuple(self.ids[i] for i in indices),
            None if self.targets is None else self.targets[list(indices)],
            tuple(self.speakers[i] for i in indices) if self.speakers else (),
        )

    @property
    def answer(self) -> Answer:
        """What a network is to answer."""
        return answer_of(self)

    def spread(self, n: int) -> "Clips":
        """At most ``n`` of the clips, evenly spread over all."""
        places = np.linspace(0, len(self) - 1, min(len(self), n))
        return self.subset(places.round().astype(int).tolist())

    def asked(self, clip: int) -> str:
        """What is to be answered for one clip, as a text."""
        return str(self.classes[clip] if self.targets is None else self.targets[clip].tolist())

    def digest(self, clip: int, views: Collection[str], also: Collection[str] = ()) -> str:
        """SHA-256, in hex, of all that decides what a model is shown of a clip.

        Args:
            clip: Index of the clip.
            views: Views the model reads, standardised.
            also: Views that count as they are stored, because others are made from them.
        """
        found = hashlib.sha256(str(self.n_window).encode())
        for view, values in sorted(self.raw(clip, {*views, *also}).items()):
            found.update(f"{view} {values.shape}".encode())
            found.update(np.ascontiguousarray(values).data)
            if view in views:
                statistics = self.statistics[view][clip]
                for array in (statistics.mean, statistics.scale):
                    found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()

    def raw(self, clip: int, views: Collection[str] | None = None) -> Views:
        """Features of one clip by view, as they are stored; all views, or only some."""
        return {
            view: sequences[clip]
            for view, sequences in self.views.items()
            if views is None or view in views
        }

    def window(self, clip: int, first: int, raw: Views, out: Views | None = None) -> Views:
        """Standardised window of each view, zero behind the clip's end.

        Args:
            clip: Index of the clip, whose statistics are used.
            first: First frame.
            raw: Features of the clip, perhaps changed.
            out: Float32 arrays which become the windows, by view; made if not given.
        """
        statistics = {view: self.statistics[view][clip] for view in raw}
        return standard_window(raw, statistics, first, self.n_window, out)


def standard_window(
    raw: Views,
    statistics: Mapping[str, Statistics],
    first: int,
    n_window: int,
    out: Views | None = None,
) -> Views:
    """Standardise ``n_window`` frames of each view from ``first`` on; zero behind the end.

    Args:
        raw: Features by view, each ``(n_frames, n_values)``.
        statistics: What standardises each view.
        first: First frame.
        n_window: Frames in the window.
        out: Float32 arrays which become the windows, by view; made if not given.
    """
    windows = {}
    for view, values in raw.items():
        part = values[first : first + n_window]
        window = np.empty((n_window, values.shape[1]), np.float32) if out is None else out[view]
        statistics[view](part, out=window[: len(part)])
        window[len(part) :] = 0
        windows[view] = window
    return windows


def n_frames(raw: Views) -> int:
    return len(next(iter(raw.values())))


def views_of(inputs: Sequence[str]) -> tuple[str, ...]:
    """The views behind a model's inputs."""
    return tuple("log_mel" if name == "image" else name for name in inputs)


def to_inputs(windows: Sequence[Views]) -> Inputs:
    """Stack windows into what the model reads: the log-mel view becomes the image."""
    return as_inputs({view: np.stack([w[view] for w in windows]) for view in windows[0]})


def as_inputs(stacked: Views) -> Inputs:
    """What the model reads of windows, ``(n_windows, n_window, n_values)`` a view.

    The image takes the memory of the log-mel windows: a batch of it that is made anew costs as
    much as its arithmetic.
    """
    inputs = dict(stacked)
    if "log_mel" in inputs:
        levels = inputs.pop("log_mel")
        inputs["image"] = to_image(levels, out=levels)
    return inputs


def evaluation_batches(
    clips: Clips, *, batch_size: int = AT_ONCE
) -> Iterator[tuple[Inputs, np.ndarray]]:
    """Every clip once, as half-overlapping windows that cover it; nothing random.

    Yields:
        Inputs of a batch of windows, and the index of the clip each window is from.
    """
    windows: list[Views] = []
    owners: list[int] = []
    for clip in range(len(clips)):
        for window in evaluation_windows(clips, clip):
            windows.append(window)
            owners.append(clip)
            if len(windows) == batch_size:
                yield to_inputs(windows), np.array(owners)
                windows, owners = [], []
    if windows:
        yield to_inputs(windows), np.array(owners)


def evaluation_windows(
    clips: Clips, clip: int, *, views: Collection[str] | None = None
) -> list[Views]:
    """Half-overlapping standardised windows that cover a clip, of all views or of some."""
    raw = clips.raw(clip, views)
    starts = window_starts(n_frames(raw), clips.n_window)
    return [clips.window(clip, first, raw) for first in starts]


def window_starts(n_frames: int, n_window: int) -> list[int]:
    """First frames of evenly spaced windows that cover a clip and overlap by half or more.

    Example:
        >>> window_starts(100, 150), window_starts(150, 150), window_starts(230, 150)
        ([0], [0], [0, 40, 80])
    """
    spare = n_frames - n_window
    if spare <= 0:
        return [0]
    n_windows = 1 + -(-2 * spare // n_window)
    return [round(i * spare / (n_windows - 1)) for i in range(n_windows)]
