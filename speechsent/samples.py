"""Samples of an open sound file as one channel, checked for what samples can be."""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile

from speechsent.errors import AudioError, AudioWarning

CONVERT = "convert it to wav or flac first"
BLOCK = 65_536  # frames read at once: 4 s at 16 kHz
LOUDEST = 100.0  # float files may exceed full scale; beyond this the numbers are not audio
ANTIPHASE = 0.05  # level of the mono mix relative to the loudest channel
# Frames of an MP3 before the one that is sought: each may need up to 511 bytes of those before it.
LEAD = 30 * 1152


class SoundFile(soundfile.SoundFile):
    """A file that is read on from where it stands.

    The parent seeks that place once more after each read, and a place that was sought in an MP3
    begins with thousands of wrong samples.
    """

    def seekable(self) -> bool:
        """What the parent asks before it does so."""
        return False

    @property
    def sought(self) -> bool:
        """Whether a place in it can be; some telephone codings are read from the start alone."""
        return super().seekable()


class Sound(Protocol):
    """What is used of an open file: ``SoundFile``, or ``PlainWav``."""

    format: str
    samplerate: int
    channels: int
    frames: int

    def seek(self, frames: int) -> int:
        """Go to a frame."""

    def read(
        self,
        frames: int = -1,
        dtype: str = "float64",
        always_2d: bool = False,
        *,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Samples of the next frames."""


def why(error: Exception) -> str:
    """Libsndfile's own words, without the path, which our message has already.

    It calls a file missing that is no mp3, although it is there; then they are not repeated.
    """
    words = str(error).rsplit(": ", 1)[-1].rstrip(".")
    return "Format not recognised" if words.startswith("File does not exist") else words


def read_mono(
    path: Path, file: Sound, first: int, last: int, *, whole: int | None = None
) -> np.ndarray:
    """Read frames from ``first`` to ``last`` as one channel.

    Channels are averaged; where that cancels them the loudest is taken.

    Args:
        path: Its name, for messages.
        file: The open file.
        first: First frame wanted.
        last: The one behind the last frame wanted.
        whole: Frames of the whole file, if it is read piece by piece and the pieces before have
            been read; an MP3 may lack a tenth.

    Returns:
        Samples, float32, shape ``(n_samples,)``, as loud as the file has them.

    Raises:
        AudioError: If decoding stops.
    """
    mono = np.empty(last - first, np.float32)
    with _decoding(path):
        if first and whole is None:
            _go_to(file, first)
        if file.channels == 1:
            filled, energy = len(file.read(out=mono)), np.zeros(1)
        else:
            filled, energy = _average(file, mono)
    if filled < len(mono):
        lost = len(mono) - filled if whole is None else whole - first - filled
        _accept_shortfall(path, lost, whole or len(mono), file.format)
        mono = mono[:filled]
    if energy.any() and np.square(mono, dtype=np.float64).sum() < ANTIPHASE**2 * energy.max():
        loudest = int(energy.argmax())
        warnings.warn(
            f"{path}: the channels cancel each other (antiphase); channel {loudest + 1} is used",
            AudioWarning,
            stacklevel=3,
        )
        with _decoding(path):
            _go_to(file, first)
            _fill(mono, _blocks(file, filled), lambda block: block[:, loudest])
    return mono


def _go_to(file: Sound, first: int) -> None:
    """Go to a frame, such that what is read there is what reading from the beginning gives."""
    lead = min(first, LEAD) if file.format.startswith("MP") else 0
    if isinstance(file, SoundFile) and not file.sought:  # it stands at its start
        lead = first
    else:
        file.seek(first - lead)
    for _ in _blocks(file, lead):
        pass


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    """Whatever the decoder complains of is damage to the file."""
    try:
        yield
    except (soundfile.SoundFileError, RuntimeError, OSError) as error:
        raise AudioError(path, f"damaged: decoding stopped ({why(error)})") from error


def _average(file: Sound, mono: np.ndarray) -> tuple[int, np.ndarray]:
    """Fill ``mono`` block by block; return how far, and each channel's energy (0 if not finite)."""
    energy = np.zeros(file.channels)

    def mean(block: np.ndarray) -> np.ndarray:
        np.add(energy, np.square(block, dtype=np.float64).sum(axis=0), out=energy)
        return block.mean(axis=1)

    with np.errstate(over="ignore", invalid="ignore"):  # such samples are refused afterwards
        filled = _fill(mono, _blocks(file, len(mono)), mean)
    return filled, energy if np.isfinite(energy).all() else np.zeros(file.channels)


def _blocks(file: Sound, n_frames: int) -> Iterator[np.ndarray]:
    """Up to ``n_frames`` frames of all channels, ``(n, n_channels)`` at a time."""
    while n_frames > 0:
        block = file.read(min(BLOCK, n_frames), dtype="float32", always_2d=True)
        if not len(block):
            return
        n_frames -= len(block)
        yield block


def _fill(
    mono: np.ndarray,
    blocks: Iterator[np.ndarray],
    channel: Callable[[np.ndarray], np.ndarray],
) -> int:
    """Write one channel made of each block behind the other; return how many samples."""
    filled = 0
    for block in blocks:
        mono[filled : filled + len(block)] = channel(block)
        filled += len(block)
    return filled


def _accept_shortfall(path: Path, lost: int, expected: int, container: str) -> None:
    """MP3 headers only estimate the length, so a small shortfall is a warning there."""
    message = f"cut short: {expected - lost} of {expected} samples could be decoded"
    guessed = container.startswith("MP")
    if not guessed or lost > 0.1 * expected:
        raise AudioError(path, f"{message}; {CONVERT}, if that is all" if guessed else message)
    warnings.warn(f"{path}: {message}", AudioWarning, stacklevel=4)


def peak_of(path: Path, signal: np.ndarray) -> float:
    """Largest distance from the mean; refuses what is no number, and warns of what clips."""
    low, high = float(signal.min()), float(signal.max())  # NaN if any sample is
    if not (math.isfinite(low) and math.isfinite(high)):
        raise AudioError(path, "holds samples that are not numbers (NaN or infinity)")
    peak = max(-low, high)
    if peak > LOUDEST:
        raise AudioError(path, f"samples reach {peak:.3g}; full scale is 1, so this is not audio")
    if peak > 1.0:
        warnings.warn(
            f"{path}: samples exceed full scale (peak {peak:.2f})", AudioWarning, stacklevel=3
        )
    mean = float(signal.mean())
    return max(mean - low, high - mean)
