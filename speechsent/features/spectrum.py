"""One short-time power spectrum, and the mel filter bank that reads it.

The numbers are those of librosa 0.11 (tests/golden); librosa itself is not imported, because
its first call costs seconds and its route takes five times as long per clip.
"""

import threading
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# Samples of the frames that are taken at once: what is computed of them stays in the CPU's cache.
BLOCK = 1 << 16
N_GROUPS = 8  # pieces of the filter bank


@lru_cache(maxsize=8)
def hann(n_fft: int) -> np.ndarray:
    """Periodic Hann window in float64, shape ``(n_fft,)``."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    window.flags.writeable = False
    return window


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray:
    """Slaney's mel scale: linear to 1 kHz, logarithmic above.

    References:
        Slaney (1998). Auditory Toolbox, version 2. Interval Research, TR 1998-010.

    Example:
        >>> hz_to_mel([200.0, 1000.0])
        array([ 3., 15.])
    """
    hz = np.asarray(hz, float)
    log_step = np.log(6.4) / 27.0
    return np.where(hz < 1000, 3 * hz / 200, 15 + np.log(np.maximum(hz, 1000) / 1000) / log_step)


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Inverse of :func:`hz_to_mel`.

    Example:
        >>> mel_to_hz([3.0, 15.0])
        array([ 200., 1000.])
    """
    mel = np.asarray(mel, float)
    log_step = np.log(6.4) / 27.0
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(log_step * (np.maximum(mel, 15) - 15)))


def mel_edges(n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """Edges in Hz: band ``i`` begins at edge ``i``, is highest at the next, ends at that after.

    Example:
        >>> mel_edges(2, 0.0, 600.0)
        array([  0., 200., 400., 600.])
    """
    return mel_to_hz(np.linspace(hz_to_mel(fmin), hz_to_mel(fmax), n_mels + 2))


@lru_cache(maxsize=8)
def mel_filters(
    *, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> np.ndarray:
    """Triangular filters of equal area on the mel scale, float32.

    Returns:
        Weights, shape ``(n_fft // 2 + 1, n_mels)``; frequency in Hz along the rows.
    """
    bins = np.fft.rfftfreq(n_fft, 1 / sample_rate)
    edges = mel_edges(n_mels, fmin, fmax)
    widths = np.diff(edges)
    rising = (bins[:, None] - edges[:-2]) / widths[:-1]
    falling = (edges[2:] - bins[:, None]) / widths[1:]
    area = 2.0 / (edges[2:] - edges[:-2])
    filters = (np.clip(np.minimum(rising, falling), 0, None) * area).astype(np.float32)
    filters.flags.writeable = False
    return filters


def n_frames(n_samples: int, hop_length: int) -> int:
    """Number of frames of a centred analysis.

    Example:
        >>> n_frames(16_000, 320)
        51
    """
    return 1 + n_samples // hop_length


@lru_cache(maxsize=8)
def _groups(
    *, sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> tuple[tuple[slice, slice, np.ndarray], ...]:
    """The filter bank in pieces of some bands: their bins, the bands, and the weights there.

    Nearly all weights are 0, because a band is a few bins wide. Piece by piece only a few times
    as many products are made as there are weights; one product for each band costs more again.
    """
    filters = mel_filters(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    edges = np.linspace(0, n_mels, min(N_GROUPS, n_mels) + 1).astype(int)
    groups = []
    for first, last in pairwise(edges.tolist()):
        bins = np.flatnonzero(filters[:, first:last].any(axis=1))
        used = slice(int(bins[0]), int(bins[-1]) + 1) if len(bins) else slice(0, 1)
        weights = np.ascontiguousarray(filters[used, first:last])
        groups.append((used, slice(first, last), weights))
    return tuple(groups)


def mel_power(
    signal: np.ndarray,
    *,
    hop_length: int,
    sample_rate: int,
    n_fft: int,
    n_mels: int,
    fmin: float,
    fmax: float,
) -> np.ndarray:
    """Mel power of a signal; frame ``i`` is centred on sample ``i * hop_length``.

    The transform runs in float64 (float32 is off by 1e-3 dB in quiet bins), squares and the
    filter bank in float32.

    Args:
        signal: Mono samples, shape ``(n_samples,)``.
        hop_length: Step between frames in samples.
        sample_rate: Sampling rate in Hz.
        n_fft: FFT length in samples.
        n_mels: Number of bands.
        fmin: Lower edge of the lowest band in Hz.
        fmax: Upper edge of the highest band in Hz.

    Returns:
        Power, float32, shape ``(n_frames, n_mels)``.
    """
    groups = _groups(sample_rate=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    count = (len(signal) + 2 * (n_fft // 2) - n_fft) // hop_length + 1
    power = np.empty((count, n_mels), np.float32)
    squares = _workplace.squares(hop_length, n_fft)
    for first in range(0, count, squares.n_frames):
        out = power[first : first + squares.n_frames]
        squared = squares(signal, first, len(out))
        for bins, bands, weights in groups:
            np.matmul(squared[:, bins], weights, out=out[:, bands])
    return power


class _Squares:
    """Power spectra of some frames at a time, always in the same memory.

    Args:
        hop_length: Step between frames in samples.
        n_fft: FFT length in samples.
    """

    def __init__(self, hop_length: int, n_fft: int) -> None:
        self.hop_length, self.n_fft = hop_length, n_fft
        self.n_frames = n = max(1, BLOCK // n_fft)
        self.samples = np.empty((n - 1) * hop_length + n_fft)
        self.frames = sliding_window_view(self.samples, n_fft)[::hop_length]
        self.windowed = np.empty((n, n_fft))
        self.spectrum = np.empty((n, n_fft // 2 + 1), np.complex128)
        self.parts = np.empty((n, 2 * (n_fft // 2 + 1)), np.float32)
        self.squared = np.empty((n, n_fft // 2 + 1), np.float32)

    def __call__(self, signal: np.ndarray, first: int, n: int) -> np.ndarray:
        """Power of ``n`` frames from ``first`` on, ``(n, n_fft // 2 + 1)``, until the next call."""
        self._read(signal, first * self.hop_length - self.n_fft // 2)
        windowed = np.multiply(self.frames[:n], hann(self.n_fft), out=self.windowed[:n])
        spectrum = np.fft.rfft(windowed, axis=1, out=self.spectrum[:n])
        parts = self.parts[:n]
        parts[:] = spectrum.view(np.float64)  # real, imaginary, real, ...
        parts *= parts
        return np.add(parts[:, ::2], parts[:, 1::2], out=self.squared[:n])

    def _read(self, signal: np.ndarray, start: int) -> None:
        """Take the samples from ``start`` on, which may lie before the first; zeros around them."""
        size = len(self.samples)
        begin = min(max(0, -start), size)
        end = max(begin, min(len(signal) - start, size))
        self.samples[:begin] = 0
        self.samples[begin:end] = signal[start + begin : start + end]
        self.samples[end:] = 0


class _Workplace(threading.local):
    """Memory kept from clip to clip, for each thread its own: fetching it anew costs a tenth."""

    kept: _Squares | None = None

    def squares(self, hop_length: int, n_fft: int) -> _Squares:
        """Memory for this setting; that of another setting is given up."""
        kept = self.kept
        if kept is None or (kept.hop_length, kept.n_fft) != (hop_length, n_fft):
            kept = self.kept = _Squares(hop_length, n_fft)
        return kept


_workplace = _Workplace()
