"""Whole clips as a network reads them, kept in memory from epoch to epoch."""

from collections.abc import Collection, Sequence

import numpy as np

from speechsent.clips import Clips, Inputs, as_inputs

ROOM = 256 << 20  # bytes; what takes more is read again in each epoch


class ReadyClips:
    """Clips that are standardised and laid out, so that a window of one is only copied.

    Args:
        inputs: What the model reads of each clip, from its first frame to its last.
        padding: What it reads of a window behind a clip's end.
    """

    def __init__(self, inputs: Sequence[Inputs], padding: Inputs) -> None:
        self.shapes = {name: values.shape for name, values in padding.items()}
        self._padding = {name: _by_frame(name, values) for name, values in padding.items()}
        self._clips = {name: [_by_frame(name, own[name]) for own in inputs] for name in padding}
        self.lengths = [len(values) for values in next(iter(self._clips.values()))]

    @classmethod
    def of(cls, clips: Clips, views: Collection[str], room: int = ROOM) -> "ReadyClips | None":
        """Make all clips ready, or none where they would take more than ``room`` bytes."""
        made: list[Inputs] = []
        for clip in range(len(clips)):
            raw = clips.raw(clip, views)
            room -= sum(values.nbytes for values in raw.values())
            if room < 0:
                return None
            whole = {view: clips.statistics[view][clip](values) for view, values in raw.items()}
            made.append(_laid_out(whole))
        silent = {view: np.zeros((clips.n_window, v.shape[1]), v.dtype) for view, v in raw.items()}
        return cls(made, _laid_out(silent))

    def copy_windows(self, clips: Sequence[int], first: Sequence[int], out: Inputs) -> None:
        """Copy one window of each of some clips, with padding behind a clip's end.

        Args:
            clips: Indices of the clips.
            first: First frame of each window.
            out: Become the windows, by input; as many as clips, each with its shape of ``shapes``.
        """
        for name, windows in out.items():
            whole, padding = self._clips[name], self._padding[name]
            for window, clip, start in zip(windows, clips, first, strict=True):
                part = whole[clip][start : start + len(padding)]
                by_frame = _by_frame(name, window)
                by_frame[: len(part)] = part
                if len(part) < len(padding):
                    by_frame[len(part) :] = padding[len(part) :]


def _laid_out(windows: Inputs) -> Inputs:
    return {name: np.ascontiguousarray(values) for name, values in as_inputs(windows).items()}


def _by_frame(name: str, values: np.ndarray) -> np.ndarray:
    """The same memory, its first axis time: in an image that is the second."""
    return values.swapaxes(0, 1) if name == "image" else values
