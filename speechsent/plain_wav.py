"""The plainest of wav files, 16-bit samples and nothing odd, read without libsndfile.

Most corpora are made of them, and libsndfile takes four times as long. A file with anything else in
it, damage included, is none of these and left to libsndfile.
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

HEADER = struct.Struct("<4sI8sIHHIIHH4sI")  # RIFF, fmt, and the head of the samples
FULL_SCALE = np.float32(1 / 32_768)
PIECE = 32_768  # samples converted at once, which stay in the CPU's cache


class PlainWav:
    """An open file, with what is used of ``soundfile.SoundFile``.

    Args:
        file: The file, opened for reading bytes without a buffer.
        samplerate: Rate in Hz.
        channels: Number of channels.
        frames: Number of frames.
    """

    format = "WAV"

    def __init__(self, file: BinaryIO, samplerate: int, channels: int, frames: int) -> None:
        self.samplerate, self.channels, self.frames = samplerate, channels, frames
        self._file = file
        self._next = 0

    @classmethod
    def open(cls, path: Path) -> "PlainWav | None":
        """Open a file; None if it is not that plain, or cannot be opened."""
        try:
            file = path.open("rb", buffering=0)
        except OSError:
            return None
        try:
            found = cls._read(file, path.stat().st_size)
        except OSError:
            found = None
        if found is None:
            file.close()
        return found

    @classmethod
    def _read(cls, file: BinaryIO, size: int) -> "PlainWav | None":
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        (
            riff,
            riff_size,
            wave,
            fmt_size,
            coding,
            channels,
            rate,
            speed,
            width,
            bits,
            data,
            n_bytes,
        ) = HEADER.unpack(head)
        plain = (
            (riff, wave, data) == (b"RIFF", b"WAVEfmt ", b"data")
            and (fmt_size, coding, bits) == (16, 1, 16)
            and (width, speed) == (2 * channels, 2 * channels * rate)
            and riff_size + 8 == HEADER.size + n_bytes == size
            and channels > 0
            and n_bytes % width == 0
        )
        return cls(file, rate, channels, n_bytes // width) if plain else None

    def __enter__(self) -> "PlainWav":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def seek(self, frame: int) -> int:
        """Go to a frame."""
        self._next = frame
        return frame

    def read(
        self,
        frames: int = -1,
        dtype: str = "float32",
        always_2d: bool = False,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Samples of the next frames, float32, full scale 1.

        Args:
            frames: How many; all that are left if negative. As many as ``out`` holds if given.
            dtype: ``"float32"``, the only one.
            always_2d: ``(n_frames, n_channels)`` also of one channel.
            out: Where they go, of one channel; less is returned where the file ends before.
        """
        if out is None:
            left = self.frames - self._next
            n = left if frames < 0 else min(frames, left)
            out = np.empty((n, self.channels) if always_2d or self.channels > 1 else n, np.float32)
        flat = out.reshape(-1)
        self._file.seek(HEADER.size + 2 * self.channels * self._next)
        filled = 0
        while filled < len(flat):
            piece = self._file.read(2 * min(PIECE, len(flat) - filled))
            samples = np.frombuffer(piece, "<i2", count=len(piece) // 2)
            if not len(samples):
                break
            np.multiply(samples, FULL_SCALE, out=flat[filled : filled + len(samples)])
            filled += len(samples)
        n = filled // self.channels
        self._next += n
        return out[:n]
