"""Where somebody speaks, by level alone.

Each frame's level is compared with the quietest and the loudest frames around it. Whatever
stands out counts as speech: music, laughter, a door. Speech as quiet as the noise is missed, and
so is speech that goes on for longer than ``context`` without any pause.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError

FRAME = 0.02  # seconds
FRAMES_PER_STEP = 25  # the threshold moves in steps of half a second
QUIETEST = -80.0  # dBFS; a digital silence counts as this
FLOOR_QUANTILE, TOP_QUANTILE = 0.05, 0.99  # of the levels: the noise, and the loud sounds

Frame = tuple[np.ndarray, bool]


@dataclass(frozen=True, kw_only=True)
class SpeechConfig:
    """What counts as speech.

    Args:
        above_noise: A frame of speech is this many dB above the noise floor.
        below_top: And at most this many dB below the loudest sounds.
        longest_pause: Seconds of quiet that do not end a stretch of speech.
        shortest: Seconds of loud frames which a stretch has at least.
        context: Seconds before a frame that tell its noise floor and its loudest sounds.
        ahead: Seconds behind it that do; a live answer comes later by as much.

    Raises:
        ParameterError: If a field is out of range.
    """

    above_noise: float = 9.0
    below_top: float = 40.0
    longest_pause: float = 0.3
    shortest: float = 0.15
    context: float = 30.0
    ahead: float = 30.0

    def __post_init__(self) -> None:
        if not 0 < self.above_noise < self.below_top:
            raise ParameterError(
                "above_noise must be positive and below below_top. "
                f"Received: above_noise={self.above_noise}, below_top={self.below_top}"
            )
        for name in ("longest_pause", "shortest"):
            if not FRAME <= getattr(self, name) <= 10:
                raise ParameterError(
                    f"{name} must lie in [{FRAME}, 10] s. Received: {name}={getattr(self, name)}"
                )
        for name in ("context", "ahead"):
            if not 0 <= getattr(self, name) <= 600:
                raise ParameterError(
                    f"{name} must lie in [0, 600] s. Received: {name}={getattr(self, name)}"
                )


def hear(
    blocks: Iterable[np.ndarray], *, sample_rate: int, config: SpeechConfig = SpeechConfig()
) -> Iterator[Frame]:
    """Tell speech from the rest, frame by frame, in memory that does not grow.

    Args:
        blocks: Mono samples in blocks of any length, one behind the other.
        sample_rate: Hz.
        config: What counts as speech.

    Yields:
        All samples in frames of 20 ms, the last one perhaps shorter, each with whether it is
        part of a stretch of speech. How the blocks are cut does not matter.
    """
    return _stretches(_loud_frames(blocks, sample_rate, config), config)


def _loud_frames(
    blocks: Iterable[np.ndarray], sample_rate: int, config: SpeechConfig
) -> Iterator[Frame]:
    """Each frame with whether it is loud."""
    before, ahead = (
        round(seconds / (FRAME * FRAMES_PER_STEP)) for seconds in (config.context, config.ahead)
    )
    context: deque[np.ndarray] = deque(maxlen=before + 1 + ahead)
    waiting: deque[tuple[list[np.ndarray], np.ndarray]] = deque()
    size = round(FRAME * sample_rate)

    def decided() -> Iterator[Frame]:
        frames, levels = waiting.popleft()
        loud = levels >= threshold(np.concatenate(context), config)
        return zip(frames, loud.tolist(), strict=True)

    for step in _steps(blocks, size * FRAMES_PER_STEP):
        context.append(frame_levels(step, size))
        waiting.append((_cut(step, size), context[-1]))
        if len(waiting) > ahead:
            yield from decided()
    while waiting:
        yield from decided()


def threshold(levels: np.ndarray, config: SpeechConfig) -> float:
    """Level in dB from which a frame is loud, among frames with these levels.

    Example:
        >>> threshold(np.array([-60.0] * 50 + [-20.0] * 50), SpeechConfig())
        -51.0
    """
    floor, top = np.quantile(levels, [FLOOR_QUANTILE, TOP_QUANTILE])
    return max(float(floor) + config.above_noise, float(top) - config.below_top)


def frame_levels(samples: np.ndarray, size: int) -> np.ndarray:
    """RMS of each frame without its mean, in dBFS, at least -80.

    Args:
        samples: Shape ``(n_samples,)``.
        size: Samples in a frame; the last one may be shorter.

    Example:
        >>> frame_levels(np.array([0.1, -0.1, 1.0, -1.0, 0.0]), 2)
        array([-20.,   0., -80.])
    """
    n_whole = len(samples) - len(samples) % size
    power = samples[:n_whole].reshape(-1, size).var(axis=1, dtype=np.float64)
    if n_whole < len(samples):
        power = np.append(power, samples[n_whole:].var(dtype=np.float64))
    return 10 * np.log10(np.maximum(power, 10 ** (QUIETEST / 10)))


def _steps(blocks: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The same samples in blocks of one length; the last one may be shorter."""
    waiting = np.zeros(0, np.float32)
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        n_whole = len(waiting) - len(waiting) % size
        yield from _cut(waiting[:n_whole], size)
        waiting = waiting[n_whole:]
    if len(waiting):
        yield waiting


def _cut(samples: np.ndarray, size: int) -> list[np.ndarray]:
    return [samples[first : first + size] for first in range(0, len(samples), size)]


def _stretches(frames: Iterable[Frame], config: SpeechConfig) -> Iterator[Frame]:
    """Bridge short pauses, then drop what is too short to be speech."""
    n_pause = round(config.longest_pause / FRAME)
    n_shortest = round(config.shortest / FRAME)
    speaking, n_loud, n_quiet = False, 0, 0
    open_frames: list[np.ndarray] = []  # not yet decided
    for frame, loud in frames:
        n_loud, n_quiet = n_loud + loud, 0 if loud else n_quiet + 1
        open_frames.append(frame)
        if loud and (speaking or n_loud >= n_shortest):
            speaking = True
            yield from ((held, True) for held in open_frames)
        elif n_quiet > n_pause or not n_loud:
            speaking, n_loud = False, 0
            yield from ((held, False) for held in open_frames)
        else:
            continue
        open_frames.clear()
    yield from ((held, False) for held in open_frames)
