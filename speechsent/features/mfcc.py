"""Mel-frequency cepstral coefficients and their slopes, from a log-mel spectrogram."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from speechsent.errors import ParameterError

MAX_WIDTH = 101  # frames
BLOCK = 128  # frames transformed at once: in float64 they stay in the CPU's cache


@lru_cache(maxsize=8)
def dct_matrix(n_mels: int, n_mfcc: int) -> np.ndarray:
    """Orthonormal DCT-II, float64, shape ``(n_mels, n_mfcc)``."""
    angle = np.pi / n_mels * np.outer(np.arange(n_mels) + 0.5, np.arange(n_mfcc))
    matrix = np.cos(angle) * np.sqrt(2 / n_mels)
    matrix[:, 0] /= np.sqrt(2)
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=8)
def slope_weights(width: int, order: int) -> np.ndarray:
    """Weights whose product with ``width`` values is the ``order``-th derivative of their fit.

    A polynomial of degree ``order`` is fitted by least squares; its ``order``-th derivative is
    the same all over the window, so the edges need no formula of their own.

    References:
        Savitzky, Golay (1964). Analytical Chemistry 36(8). https://doi.org/10.1021/ac60214a047
    """
    positions = np.arange(width) - width // 2
    fit = np.linalg.pinv(np.vander(positions, order + 1, increasing=True))
    weights = fit[order] * float(np.prod(np.arange(1, order + 1)))
    weights.flags.writeable = False
    return weights


def delta(sequence: np.ndarray, *, width: int = 9, order: int = 1) -> np.ndarray:
    """Local slope (``order=1``) or curvature (``order=2``) over time.

    Args:
        sequence: Values, shape ``(n_frames, n_coefficients)``.
        width: Frames the estimate looks at, odd.
        order: Order of the derivative.

    Returns:
        Derivative per frame, shape ``(n_frames, n_coefficients)``; constant at the edges.

    Example:
        >>> delta(np.arange(12.0)[:, None])[:3, 0].round(6)
        array([1., 1., 1.])
    """
    out = np.empty_like(sequence)
    _derive(sequence, width, {order: out})
    return out


def _derive(sequence: np.ndarray, width: int, wanted: Mapping[int, np.ndarray]) -> None:
    """Write derivatives of some orders, ``(n_frames, n_coefficients)`` each, by order."""
    n_frames, edge = len(sequence), width // 2
    if n_frames < width:  # too short for one fit: hold the edge values
        sequence = np.pad(sequence, ((edge, edge), (0, 0)), "edge")
    for order, sums in _correlate(sequence, width, wanted).items():
        out = wanted[order]
        if len(sums) == n_frames:
            out[:] = sums
        else:
            out[edge : n_frames - edge], out[:edge], out[n_frames - edge :] = (
                sums,
                sums[0],
                sums[-1],
            )


def _correlate(sequence: np.ndarray, width: int, orders: Iterable[int]) -> dict[int, np.ndarray]:
    """Weighted sums over ``width`` neighbours by order; only where all of them exist.

    Neighbours as far before as behind weigh the same in even orders, and the opposite in odd ones.
    """
    n_sums, edge = len(sequence) - width + 1, width // 2
    weights = {order: slope_weights(width, order).astype(sequence.dtype) for order in orders}
    sums = {order: w[edge] * sequence[edge : edge + n_sums] for order, w in weights.items()}
    pair = np.empty((n_sums, *sequence.shape[1:]), sequence.dtype)
    for k in range(1, edge + 1):
        before = sequence[edge - k : edge - k + n_sums]
        behind = sequence[edge + k : edge + k + n_sums]
        for order, total in sums.items():
            (np.subtract if order % 2 else np.add)(behind, before, out=pair)
            np.multiply(pair, weights[order][edge + k], out=pair)
            total += pair
    return sums


@dataclass(frozen=True, kw_only=True)
class Mfcc:
    """Turn a log-mel spectrogram into MFCCs with their first and second differences.

    Args:
        n_mfcc: Number of coefficients, the zeroth (level) included.
        n_deltas: 0 for none, 1 for slopes, 2 for slopes and curvatures.
        width: Frames a slope looks at, odd, from 3 to 101.

    Raises:
        ParameterError: If a field is out of range.

    References:
        Davis, Mermelstein (1980). IEEE TASSP 28(4). https://doi.org/10.1109/TASSP.1980.1163420

    Example:
        >>> Mfcc(n_mfcc=13)(np.zeros((40, 51), "float32")).shape
        (51, 39)
    """

    n_mfcc: int = 40
    n_deltas: int = 2
    width: int = 9

    def __post_init__(self) -> None:
        if self.n_mfcc < 1:
            raise ParameterError(f"n_mfcc must be positive. Received: n_mfcc={self.n_mfcc}")
        if self.n_deltas not in (0, 1, 2):
            raise ParameterError(f"n_deltas must be 0, 1 or 2. Received: n_deltas={self.n_deltas}")
        if not 3 <= self.width <= MAX_WIDTH or self.width % 2 == 0:
            raise ParameterError(
                f"width must be odd, from 3 to {MAX_WIDTH}. Received: width={self.width}"
            )

    @property
    def n_coefficients(self) -> int:
        """Values per frame."""
        return self.n_mfcc * (1 + self.n_deltas)

    def __call__(self, log_mel: np.ndarray) -> np.ndarray:
        """Map decibels ``(n_mels, n_frames)`` to float32 ``(n_frames, n_coefficients)``."""
        n_mels = log_mel.shape[0]
        if self.n_mfcc > n_mels:
            raise ParameterError(
                "n_mfcc must not exceed the number of mel bands. "
                f"Received: n_mfcc={self.n_mfcc}, n_mels={n_mels}"
            )
        matrix, frames = dct_matrix(n_mels, self.n_mfcc), log_mel.T
        n_mfcc, out = self.n_mfcc, np.empty((len(frames), self.n_coefficients), np.float32)
        # Slopes are smaller by far than what float32 rounds off.
        static = np.empty((len(frames), n_mfcc), np.float32)
        for first in range(0, len(frames), BLOCK):
            few = slice(first, first + BLOCK)
            static[few] = frames[few].astype(np.float64) @ matrix
        out[:, :n_mfcc] = static
        orders = range(1, self.n_deltas + 1)
        _derive(static, self.width, {k: out[:, k * n_mfcc : (k + 1) * n_mfcc] for k in orders})
        return out
