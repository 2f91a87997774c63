"""Prosody as a sequence: pitch, voicing and energy, frame by frame."""

from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError
from speechsent.features.mfcc import delta
from speechsent.features.spectrum import n_frames

PITCH, ENERGY = 0, 2  # columns
N_STATIC = 3  # columns before those with the slopes
LOWEST = 10.0  # Hz; no voice is lower
FLOOR = 1e-5  # amplitude below which a frame counts as this, -100 dBFS


@dataclass(frozen=True, kw_only=True)
class Prosody:
    """Follow pitch, voicing and energy, each with its slope.

    Args:
        sample_rate: Sampling rate of the signal in Hz.
        hop_length: Step between frames in samples; equal to the log-mel's, so frames align.
        fmin: Lowest pitch in Hz.
        fmax: Highest pitch in Hz.

    Raises:
        ParameterError: If a field is out of range.

    References:
        De Cheveigné, Kawahara (2002). YIN. https://doi.org/10.1121/1.1458024
    """

    sample_rate: int = 16_000
    hop_length: int = 320
    fmin: float = 65.0
    fmax: float = 500.0

    def __post_init__(self) -> None:
        if not LOWEST <= self.fmin < self.fmax < self.sample_rate / 2:
            raise ParameterError(
                f"{LOWEST:g} <= fmin < fmax < sample_rate / 2 must hold. Received: "
                f"fmin={self.fmin}, fmax={self.fmax}, sample_rate={self.sample_rate}"
            )
        if self.hop_length < 1:
            raise ParameterError(f"hop_length must be positive. Received: {self.hop_length}")

    @property
    def n_coefficients(self) -> int:
        """Values per frame: pitch, voicing, energy, and their slopes."""
        return 2 * N_STATIC

    def __call__(self, signal: np.ndarray) -> np.ndarray:
        """Map a signal ``(n_samples,)`` to float32 ``(n_frames, 6)``.

        Columns: octaves above ``fmin`` (0 where unvoiced), periodicity in [0, 1], energy in
        dBFS, then the slope of each per frame.
        """
        frames = self._frames(signal)
        energy = 20 * np.log10(np.maximum(np.sqrt(np.mean(frames**2, axis=1)), FLOOR))
        pitch = self._pitch(signal)[: len(frames)]
        periodicity = self._periodicity(frames, pitch)
        octaves = np.where(periodicity > 0.5, np.log2(pitch / self.fmin), 0.0)
        static = np.stack([octaves, periodicity, energy], axis=1)
        return np.concatenate([static, delta(static)], axis=1, dtype=np.float32)

    @property
    def _frame_length(self) -> int:
        """Two periods of the lowest pitch, rounded up to even."""
        return 2 * int(np.ceil(self.sample_rate / self.fmin))

    def _frames(self, signal: np.ndarray) -> np.ndarray:
        """Frames centred on multiples of the hop, float64, ``(n_frames, frame_length)``."""
        padded = np.pad(signal.astype(np.float64), self._frame_length // 2)
        view = np.lib.stride_tricks.sliding_window_view(padded, self._frame_length)
        return view[:: self.hop_length][: n_frames(len(signal), self.hop_length)]

    def _pitch(self, signal: np.ndarray) -> np.ndarray:
        import librosa  # only this view needs it

        pitch = librosa.yin(
            signal,
            fmin=self.fmin,
            fmax=self.fmax,
            sr=self.sample_rate,
            frame_length=2 * self._frame_length,
            hop_length=self.hop_length,
        )
        # From librosa 1.0 on, a frame without a pitch has none; before, it had any.
        return np.where(np.isfinite(pitch), pitch, self.fmin)

    def _periodicity(self, frames: np.ndarray, pitch: np.ndarray) -> np.ndarray:
        """Normalised autocorrelation one pitch period away, clipped to [0, 1]."""
        lags = np.round(self.sample_rate / pitch).astype(int)
        result = np.zeros(len(frames))
        for i, (frame, lag) in enumerate(zip(frames, lags, strict=True)):
            early, late = frame[:-lag], frame[lag:]
            norm = np.sqrt((early @ early) * (late @ late))
            result[i] = early @ late / norm if norm > FLOOR**2 else 0.0
        return np.clip(result, 0.0, 1.0)
