"""The only place that opens sound: mono float32 at one rate, or one clear error.

The header is checked before a sample is read, so that a file which claims a rate of 1 Hz,
a thousand channels or ten hours costs nothing. Samples are then read block by block.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from speechsent.container import missing_bytes
from speechsent.errors import AudioError, ParameterError
from speechsent.mpeg import untold_samples
from speechsent.plain_wav import PlainWav
from speechsent.samples import CONVERT, SoundFile, peak_of, read_mono, why

SAMPLE_RATES = range(4_000, 384_001)
MAX_CHANNELS = 8
QUIETEST = 1e-4  # peak after removal of the mean, -80 dBFS: 3 steps of a 16-bit file
UNKNOWN_LENGTH = 2**63 - 1  # frames libsndfile reports for a FLAC stream without a length
ROUNDING = 0.01  # seconds by which a rounded end may lie behind the last sample
LONG_HEADER = 4096  # bytes
LARGEST = 512 << 20  # bytes a clip may take in memory, whatever it takes on disk
# Containers in which a file cut short, or samples lost on the way, do not go unnoticed.
CONTAINERS = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "NIST", "FLAC", "OGG", "MP3")
SILENT = "silent: no sample differs from the mean by -80 dBFS or more"
SILENT_BLOCKS = "silent: no block of it differs from its mean by -80 dBFS or more; cut it"


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


def _open(path: Path) -> PlainWav | SoundFile:
    """Open a file that exists and has bytes."""
    _check_file(path)
    plain = PlainWav.open(path)
    if plain is not None:
        return plain
    try:
        return SoundFile(str(path))
    except (soundfile.SoundFileError, RuntimeError, TypeError) as error:  # TypeError: *.raw
        raise AudioError(path, f"not a readable audio file; {CONVERT} ({why(error)})") from error


def _check_file(path: Path) -> None:
    """Refuse what is no file with bytes in it."""
    try:
        if not path.is_file():
            raise AudioError(path, _instead_of_file(path))
        if not path.stat().st_size:
            raise AudioError(path, "empty: the file has no bytes")
    except (OSError, ValueError) as error:  # no permission, or a name no file can have
        if isinstance(error, AudioError):
            raise
        raise AudioError(path, f"cannot be opened ({why(error)})") from error


def _instead_of_file(path: Path) -> str:
    """What is there where no file is."""
    if path.is_dir():
        return "is a folder, not a file"
    return "is a pipe or device; write it to a file first" if path.exists() else "no such file"


def _header(path: Path, file: PlainWav | SoundFile) -> AudioInfo:
    """Check what the header says."""
    if file.format not in CONTAINERS:
        raise AudioError(path, f"{file.format} is none of {', '.join(CONTAINERS)}; {CONVERT}")
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
        n_bytes = path.stat().st_size
        if n_bytes > LONG_HEADER:  # a recorder that was stopped has not written how much it holds
            raise AudioError(path, f"its header tells of no samples, in {n_bytes} bytes; {CONVERT}")
        raise AudioError(path, "empty: the file has a header but no samples")
    if file.frames == UNKNOWN_LENGTH:
        raise AudioError(path, f"its header does not say how long it is; {CONVERT}")
    missing = 0 if isinstance(file, PlainWav) else missing_bytes(path)
    if missing:
        raise AudioError(path, f"cut short: {missing} bytes less than its header says")
    untold = untold_samples(path, file.frames) if file.format == "MP3" else 0
    if untold:
        raise AudioError(
            path,
            f"holds {untold / file.samplerate:.2f} s more than the "
            f"{file.frames / file.samplerate:.2f} s it tells of; {CONVERT}",
        )
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
        path: A file in one of ``CONTAINERS``, whatever its name ends with.
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
        signal = read_mono(path, file, first, last)
    if peak_of(path, signal) < QUIETEST:
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
    _check_length(path, seconds, config)
    if seconds > config.max_seconds:
        raise AudioError(
            path,
            f"too long: {seconds:.0f} s, at most {config.max_seconds:.0f} s; "
            "cut it, give start and end in a CSV, or raise audio.max_seconds",
        )
    size = 4 * round(seconds * max(info.sample_rate, config.sample_rate))
    if size > LARGEST:
        raise AudioError(
            path,
            f"too large: {seconds:.0f} s at {info.sample_rate} Hz take {size >> 20} MiB in memory, "
            f"at most {LARGEST >> 20} MiB; cut it, or give start and end in a CSV",
        )
    return first, last


def _check_length(path: Path, seconds: float, config: AudioConfig) -> None:
    if seconds < config.min_seconds:
        raise AudioError(path, f"too short: {seconds:.3f} s, at least {config.min_seconds} s")


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
        _check_length(path, info.seconds, config)
        size = round(seconds * config.sample_rate)
        resample = soxr.ResampleStream(info.sample_rate, config.sample_rate, 1)
        waiting = np.zeros(0, np.float32)
        peak, done = 0.0, 0
        while done < info.n_frames:
            last = min(done + round(seconds * info.sample_rate), info.n_frames)
            piece = read_mono(path, file, done, last, whole=info.n_frames)
            done = last if len(piece) == last - done else info.n_frames  # there is no more
            peak = max(peak, peak_of(path, piece) if len(piece) else 0.0)
            if info.sample_rate != config.sample_rate:
                piece = resample.resample_chunk(piece, last=done == info.n_frames)
            waiting = np.concatenate([waiting, piece])
            while len(waiting) >= size:
                yield waiting[:size]
                waiting = waiting[size:]
    if peak < QUIETEST:
        raise AudioError(path, SILENT)
    if len(waiting) >= config.min_seconds * config.sample_rate:
        yield waiting  # what is shorter behind whole pieces is no clip


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
    silent = True
    for block in blocks(path, config, seconds=seconds):
        if np.abs(block - block.mean()).max() >= QUIETEST:
            silent = False
            yield block
    if silent:  # its only sound may lie behind the last block, or above half the new rate
        raise AudioError(path, SILENT_BLOCKS)
