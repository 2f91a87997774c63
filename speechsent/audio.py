"""The only place that opens sound: mono float32 at one rate, or one clear error.

The header is checked before a sample is read, so that a file which claims a rate of 1 Hz,
a thousand channels or ten hours costs nothing. Samples are then read block by block.
"""

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from speechsent.container import missing_bytes
from speechsent.errors import AudioError, AudioWarning, ParameterError

SAMPLE_RATES = range(4_000, 384_001)
MAX_CHANNELS = 8
BLOCK = 65_536  # frames read at once: 4 s at 16 kHz
LOUDEST = 100.0  # float files may exceed full scale; beyond this the numbers are not audio
QUIETEST = 1e-4  # peak after removal of the mean, -80 dBFS: 3 steps of a 16-bit file
ANTIPHASE = 0.05  # level of the mono mix relative to the loudest channel
UNKNOWN_LENGTH = 2**63 - 1  # frames libsndfile reports for a FLAC stream without a length
ROUNDING = 0.01  # seconds by which a rounded end may lie behind the last sample
CHUNKED = ("WAV", "WAVEX", "AIFF", "RF64")  # containers whose header tells their length
SILENT = "silent: no sample differs from the mean by -80 dBFS or more"
CONVERT = "convert it to wav or flac first"


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """What is accepted as a clip, and the rate it is brought to.

    Args:
        sample_rate: Rate of the returned signal in Hz.
        min_seconds: Shortest clip accepted.
        max_seconds: Longest clip accepted; a longer file needs ``start`` and ``end``.

    Raises:
        ParameterError: If a field is out of range.
    """

    sample_rate: int = 16_000
    min_seconds: float = 0.1
    max_seconds: float = 600.0

    def __post_init__(self) -> None:
        if self.sample_rate not in SAMPLE_RATES:
            raise ParameterError(
                f"sample_rate must lie between {SAMPLE_RATES[0]} and {SAMPLE_RATES[-1]} Hz. "
                f"Received: sample_rate={self.sample_rate}"
            )
        if not 0 < self.min_seconds < self.max_seconds:
            raise ParameterError(
                "min_seconds must be positive and below max_seconds. "
                f"Received: min_seconds={self.min_seconds}, max_seconds={self.max_seconds}"
            )


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What the header says: rate in Hz, channels, frames, and the container's name."""

    sample_rate: int
    n_channels: int
    n_frames: int
    container: str

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.n_frames / self.sample_rate


def probe(path: Path | str) -> AudioInfo:
    """Read and check the header of an audio file; no sample is decoded.

    Raises:
        AudioError: If the file is missing, unreadable, empty, cut short, or its rate or
            number of channels is outside what speech recordings have.
    """
    with _open(Path(path)) as file:
        return _header(Path(path), file)


def _open(path: Path) -> soundfile.SoundFile:
    """Open a file that exists and has bytes."""
    if not path.is_file():
        raise AudioError(path, "no such file" if not path.is_dir() else "is a folder, not a file")
    if not path.stat().st_size:
        raise AudioError(path, "empty: the file has no bytes")
    try:
        return soundfile.SoundFile(str(path))
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:  # TypeError: *.raw
        raise AudioError(path, f"not a readable audio file; {CONVERT} ({_why(error)})") from error


def _header(path: Path, file: soundfile.SoundFile) -> AudioInfo:
    """Check what the header says."""
    if file.samplerate not in SAMPLE_RATES:
        raise AudioError(
            path,
            f"sample rate must lie between {SAMPLE_RATES[0]} and {SAMPLE_RATES[-1]} Hz. "
            f"Received: {file.samplerate} Hz",
        )
    if file.channels > MAX_CHANNELS:
        raise AudioError(
            path, f"at most {MAX_CHANNELS} channels. Received: {file.channels}; {CONVERT}"
        )
    if file.frames <= 0:
        raise AudioError(path, "empty: the file has a header but no samples")
    if file.frames == UNKNOWN_LENGTH:
        raise AudioError(path, f"its header does not say how long it is; {CONVERT}")
    missing = missing_bytes(path) if file.format in CHUNKED else 0
    if missing:
        raise AudioError(path, f"cut short: {missing} bytes less than its header says")
    return AudioInfo(
        sample_rate=file.samplerate,
        n_channels=file.channels,
        n_frames=file.frames,
        container=file.format,
    )


def load(
    path: Path | str,
    config: AudioConfig = AudioConfig(),
    *,
    start: float = 0.0,
    end: float | None = None,
) -> np.ndarray:
    """Read a clip as mono float32.

    Channels are averaged; where that cancels them (antiphase stereo) the loudest is taken.

    Args:
        path: Any container libsndfile reads: wav, flac, ogg, mp3, aiff and more.
        config: Rate and accepted durations.
        start: First second wanted.
        end: Second just after the last one wanted; None reads to the end.

    Returns:
        Samples, shape ``(n_samples,)``, at ``config.sample_rate``; full scale is 1.

    Raises:
        AudioError: If the file cannot be used; the reason is part of the message.

    Warns:
        AudioWarning: If the file was used although it clips or its channels cancel.
    """
    path = Path(path)
    with _open(path) as file:
        info = _header(path, file)
        first, last = _stretch(path, info, config, start, end)
        signal = _read_mono(path, file, first, last)
    if _peak(path, signal) < QUIETEST:
        raise AudioError(path, SILENT)
    if info.sample_rate != config.sample_rate:
        signal = soxr.resample(signal, info.sample_rate, config.sample_rate)
    return np.ascontiguousarray(signal, dtype=np.float32)


def _stretch(
    path: Path, info: AudioInfo, config: AudioConfig, start: float, end: float | None
) -> tuple[int, int]:
    """First frame of a clip and the one behind its last."""
    stop = info.seconds if end is None else end
    if not 0 <= start < stop <= info.seconds + ROUNDING:
        raise AudioError(
            path,
            f"start and end must lie inside its {info.seconds:.2f} s. Received: {start}, {end}",
        )
    first = round(start * info.sample_rate)
    last = min(round(stop * info.sample_rate), info.n_frames)
    seconds = (last - first) / info.sample_rate
    if seconds < config.min_seconds:
        raise AudioError(path, f"too short: {seconds:.3f} s, at least {config.min_seconds} s")
    if seconds > config.max_seconds:
        raise AudioError(
            path,
            f"too long: {seconds:.0f} s, at most {config.max_seconds:.0f} s; "
            "cut it, give start and end in a CSV, or raise audio.max_seconds",
        )
    return first, last


def blocks(
    path: Path | str,
    config: AudioConfig = AudioConfig(),
    *,
    seconds: float = 60.0,
) -> Iterator[np.ndarray]:
    """Read a file of any length piece by piece, in memory that does not grow with it.

    Args:
        path: The file; ``config.max_seconds`` does not apply.
        config: Rate of the pieces.
        seconds: Length of a piece; the last one may be shorter.

    Yields:
        Samples as from :func:`load`. A piece may be silent; the whole file may not.

    Raises:
        AudioError: If the file cannot be used.
    """
    path = Path(path)
    with _open(path) as file:
        info = _header(path, file)
        size = round(seconds * config.sample_rate)
        resample = soxr.ResampleStream(info.sample_rate, config.sample_rate, 1)
        waiting = np.zeros(0, np.float32)
        peak, done = 0.0, 0
        while done < info.n_frames:
            last = min(done + round(seconds * info.sample_rate), info.n_frames)
            piece = _read_mono(path, file, done, last)
            peak = max(peak, _peak(path, piece))
            done = last
            if info.sample_rate != config.sample_rate:
                piece = resample.resample_chunk(piece, last=done == info.n_frames)
            waiting = np.concatenate([waiting, piece])
            while len(waiting) >= size:
                yield waiting[:size]
                waiting = waiting[size:]
    if peak < QUIETEST:
        raise AudioError(path, SILENT)
    if len(waiting) >= config.min_seconds * config.sample_rate:
        yield waiting


def pieces(
    path: Path | str, config: AudioConfig = AudioConfig(), *, seconds: float = 60.0
) -> Iterator[np.ndarray]:
    """The whole clip, or of a file too long for one its blocks, without the silent ones.

    Args:
        path: The file.
        config: Rate, and how long a clip may be.
        seconds: Length of a block.

    Raises:
        AudioError: If the file cannot be used.
    """
    if probe(path).seconds <= config.max_seconds:
        yield load(path, config)
        return
    for block in blocks(path, config, seconds=seconds):
        if np.abs(block - block.mean()).max() >= QUIETEST:
            yield block


def _why(error: Exception) -> str:
    """Libsndfile's own words, without the path, which our message has already."""
    return str(error).rsplit(": ", 1)[-1].rstrip(".")


def _read_mono(path: Path, file: soundfile.SoundFile, first: int, last: int) -> np.ndarray:
    """Read frames from ``first`` to ``last`` as one channel."""
    mono = np.empty(last - first, np.float32)
    try:
        file.seek(first)
        if file.channels == 1:
            filled, energy = len(file.read(out=mono)), np.zeros(1)
        else:
            filled, energy = _average(file, mono)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise AudioError(path, f"damaged: decoding stopped ({_why(error)})") from error
    if filled < len(mono):
        mono = _accept_shortfall(path, mono[:filled], len(mono), file.format)
    if energy.any() and np.square(mono, dtype=np.float64).sum() < ANTIPHASE**2 * energy.max():
        loudest = int(energy.argmax())
        warnings.warn(
            f"{path}: the channels cancel each other (antiphase); channel {loudest + 1} is used",
            AudioWarning,
            stacklevel=3,
        )
        file.seek(first)
        mono = file.read(filled, dtype="float32", always_2d=True)[:, loudest]
    return mono


def _average(file: soundfile.SoundFile, mono: np.ndarray) -> tuple[int, np.ndarray]:
    """Fill ``mono`` block by block; return how far, and each channel's energy (0 if not finite)."""
    filled, energy = 0, np.zeros(file.channels)
    with np.errstate(over="ignore", invalid="ignore"):  # such samples are refused afterwards
        while filled < len(mono):
            block = file.read(min(BLOCK, len(mono) - filled), dtype="float32", always_2d=True)
            if not len(block):
                break
            mono[filled : filled + len(block)] = block.mean(axis=1)
            energy += np.square(block, dtype=np.float64).sum(axis=0)
            filled += len(block)
    return filled, energy if np.isfinite(energy).all() else np.zeros(file.channels)


def _accept_shortfall(path: Path, mono: np.ndarray, expected: int, container: str) -> np.ndarray:
    """MP3 headers only estimate the length, so a small shortfall is a warning there."""
    message = f"cut short: {len(mono)} of {expected} samples could be decoded"
    if not container.startswith("MP") or len(mono) < 0.9 * expected:
        raise AudioError(path, message)
    warnings.warn(f"{path}: {message}", AudioWarning, stacklevel=4)
    return mono


def _peak(path: Path, signal: np.ndarray) -> float:
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
