"""The only place that opens sound: mono float32 at one rate, or one clear error.

The header is checked before a sample is read, so that a file which claims a rate of 1 Hz,
a thousand channels or ten hours costs nothing. Samples are then read block by block.
"""

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
    path = Path(path)
    if not path.is_file():
        raise AudioError(path, "no such file" if not path.is_dir() else "is a folder, not a file")
    if not path.stat().st_size:
        raise AudioError(path, "empty: the file has no bytes")
    try:
        header = soundfile.info(str(path))
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:  # TypeError: *.raw
        raise AudioError(path, f"not a readable audio file; {CONVERT} ({_why(error)})") from error
    if header.samplerate not in SAMPLE_RATES:
        raise AudioError(
            path,
            f"sample rate must lie between {SAMPLE_RATES[0]} and {SAMPLE_RATES[-1]} Hz. "
            f"Received: {header.samplerate} Hz",
        )
    if header.channels > MAX_CHANNELS:
        raise AudioError(
            path, f"at most {MAX_CHANNELS} channels. Received: {header.channels}; {CONVERT}"
        )
    if header.frames <= 0:
        raise AudioError(path, "empty: the file has a header but no samples")
    if header.frames == UNKNOWN_LENGTH:
        raise AudioError(path, f"its header does not say how long it is; {CONVERT}")
    missing = missing_bytes(path)
    if missing:
        raise AudioError(path, f"cut short: {missing} bytes less than its header says")
    return AudioInfo(
        sample_rate=header.samplerate,
        n_channels=header.channels,
        n_frames=header.frames,
        container=header.format,
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
    info = probe(path)
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
    signal = _read_mono(path, first, last, container=info.container)
    _check_signal(path, signal)
    if info.sample_rate != config.sample_rate:
        signal = soxr.resample(signal, info.sample_rate, config.sample_rate)
    return np.ascontiguousarray(signal, dtype=np.float32)


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
    info = probe(path)
    size = round(seconds * config.sample_rate)
    resample = soxr.ResampleStream(info.sample_rate, config.sample_rate, 1)
    waiting = np.zeros(0, np.float32)
    peak, done = 0.0, 0
    while done < info.n_frames:
        last = min(done + round(seconds * info.sample_rate), info.n_frames)
        piece = _read_mono(path, done, last, container=info.container)
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


def _why(error: Exception) -> str:
    """Libsndfile's own words, without the path, which our message has already."""
    return str(error).rsplit(": ", 1)[-1].rstrip(".")


def _read_mono(path: Path, first: int, last: int, *, container: str) -> np.ndarray:
    """Average the channels block by block; fall back to the loudest if they cancel."""
    mono = np.empty(last - first, np.float32)
    energy = np.zeros(0)
    filled = 0
    try:
        # What is not a number is refused later, by its file's name.
        with soundfile.SoundFile(str(path)) as file, np.errstate(over="ignore", invalid="ignore"):
            file.seek(first)
            while filled < len(mono):
                block = file.read(min(BLOCK, len(mono) - filled), dtype="float32", always_2d=True)
                if not len(block):
                    break
                mono[filled : filled + len(block)] = block.mean(axis=1)
                power = np.square(block, dtype=np.float64).sum(axis=0)
                energy = power if not energy.size else energy + power
                filled += len(block)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise AudioError(path, f"damaged: decoding stopped ({_why(error)})") from error
    if filled < len(mono):
        mono = _accept_shortfall(path, mono[:filled], len(mono), container)
    mixed = float(np.square(mono, dtype=np.float64).sum())
    if energy.size > 1 and np.isfinite(mixed) and mixed < ANTIPHASE**2 * energy.max():
        loudest = int(energy.argmax())
        warnings.warn(
            f"{path}: the channels cancel each other (antiphase); channel {loudest + 1} is used",
            AudioWarning,
            stacklevel=3,
        )
        channels, _ = soundfile.read(
            str(path), start=first, stop=first + filled, dtype="float32", always_2d=True
        )
        mono = channels[:, loudest]
    return mono


def _accept_shortfall(path: Path, mono: np.ndarray, expected: int, container: str) -> np.ndarray:
    """MP3 headers only estimate the length, so a small shortfall is a warning there."""
    message = f"cut short: {len(mono)} of {expected} samples could be decoded"
    if not container.startswith("MP") or len(mono) < 0.9 * expected:
        raise AudioError(path, message)
    warnings.warn(f"{path}: {message}", AudioWarning, stacklevel=4)
    return mono


def _check_signal(path: Path, signal: np.ndarray) -> None:
    """Refuse what is not sound: not finite, absurdly large, or nothing but a constant."""
    if _peak(path, signal) < QUIETEST:
        raise AudioError(path, SILENT)
    peak = float(np.abs(signal).max())
    if peak > 1.0:
        warnings.warn(
            f"{path}: samples exceed full scale (peak {peak:.2f})", AudioWarning, stacklevel=3
        )


def _peak(path: Path, signal: np.ndarray) -> float:
    """Largest distance from the mean, where that is a number and audio."""
    if not np.isfinite(signal).all():
        raise AudioError(path, "holds samples that are not numbers (NaN or infinity)")
    peak = float(np.abs(signal).max())
    if peak > LOUDEST:
        raise AudioError(path, f"samples reach {peak:.3g}; full scale is 1, so this is not audio")
    return float(np.abs(signal - signal.mean()).max())
