"""Log-mel spectrogram of a mono signal."""

from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError
from speechsent.features.spectrum import mel_edges, mel_filters, mel_power

AMIN = 1e-10  # power below which a band counts as this, -100 dB
MAX_FFT, MAX_MELS = 1 << 16, 1024
MAX_DB = 400.0  # more than float32 can tell apart
DB_PER_NEPER = 10 / np.log(10)  # np.log is three times as fast as np.log10


@dataclass(frozen=True, kw_only=True)
class LogMel:
    """Turn a signal into a log-mel spectrogram in decibels.

    The reference is fixed at 1 and no frame is scaled by itself, because loudness is a cue.
    Fields are the parameters, calling computes: equal fields, equal output.

    Args:
        sample_rate: Sampling rate of the signal in Hz.
        n_fft: FFT length in samples, at most 65,536.
        hop_length: Step between frames in samples.
        n_mels: Number of mel bands.
        fmin: Lower edge of the lowest band in Hz.
        fmax: Upper edge of the highest band in Hz, at most ``sample_rate / 2``.
        top_db: Depth of the floor below the clip's own maximum in dB.

    Raises:
        ParameterError: If a field is out of range.

    Example:
        >>> LogMel(n_mels=40)(np.zeros(16_000, "float32")).shape
        (40, 51)
    """

    sample_rate: int = 16_000
    n_fft: int = 1024
    hop_length: int = 320
    n_mels: int = 96
    fmin: float = 0.0
    fmax: float = 8_000.0
    top_db: float = 80.0

    def __post_init__(self) -> None:
        if not 0 < self.hop_length <= self.n_fft:
            raise ParameterError(
                "hop_length must lie in (0, n_fft], or samples are skipped. "
                f"Received: hop_length={self.hop_length}, n_fft={self.n_fft}"
            )
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise ParameterError(
                "0 <= fmin < fmax <= sample_rate / 2 must hold. Received: "
                f"fmin={self.fmin}, fmax={self.fmax}, sample_rate={self.sample_rate}"
            )
        if not 4 <= self.n_mels <= min(self.n_fft // 4, MAX_MELS):
            raise ParameterError(
                "n_mels must lie between 4 and n_fft / 4, or bands hold no frequency bin, and not "
                f"exceed {MAX_MELS}. "
                f"Received: n_mels={self.n_mels}, n_fft={self.n_fft}"
            )
        if self.n_fft > MAX_FFT:
            raise ParameterError(f"n_fft must not exceed {MAX_FFT}. Received: n_fft={self.n_fft}")
        if not 0 < self.top_db <= MAX_DB:
            raise ParameterError(
                f"top_db must lie in (0, {MAX_DB:g}]. Received: top_db={self.top_db}"
            )

    @property
    def centres(self) -> np.ndarray:
        """Frequency in Hz at which each mel band is highest, shape ``(n_mels,)``."""
        return mel_edges(self.n_mels, self.fmin, self.fmax)[1:-1]

    @property
    def filters(self) -> np.ndarray:
        """Weight of each frequency bin in each mel band, shape ``(n_fft // 2 + 1, n_mels)``."""
        return mel_filters(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
        )

    @property
    def n_empty(self) -> int:
        """Bands in which no frequency bin lies: they are silent, whatever is heard.

        Example:
            >>> LogMel().n_empty, LogMel(fmin=7_000, fmax=7_100).n_empty
            (0, 84)
        """
        return int((self.filters.max(axis=0) == 0).sum())

    def __call__(self, signal: np.ndarray) -> np.ndarray:
        """Map a signal ``(n_samples,)`` to decibels re 1, float32, ``(n_mels, n_frames)``."""
        power = mel_power(
            signal,
            hop_length=self.hop_length,
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            n_mels=self.n_mels,
            fmin=self.fmin,
            fmax=self.fmax,
        )
        np.maximum(power, AMIN, out=power)
        level = np.log(power, out=power)
        level *= np.float32(DB_PER_NEPER)
        np.maximum(level, level.max() - np.float32(self.top_db), out=level)
        return level.T
