"""How a clip sounds in another voice: tempo, formants and pitch, noise and level, in all views."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from speechsent.features.log_mel import AMIN, DB_PER_NEPER
from speechsent.features.mfcc import Mfcc, delta
from speechsent.features.prosody import ENERGY, N_STATIC, PITCH

Views = dict[str, np.ndarray]

SLOPES = 9  # frames that the slopes of prosody look at


@dataclass(frozen=True)
class Voice:
    """What is changed of a clip.

    Args:
        gain: Change of level in dB.
        tempo: Over 1 is faster.
        warp: Over 1 lowers formants and pitch by about this factor.
        snr_db: Mean power of the clip over that of noise, in dB; None adds no noise.
    """

    gain: float = 0.0
    tempo: float = 1.0
    warp: float = 1.0
    snr_db: float | None = None

    def length(self, views: Views) -> int:
        """Frames of a clip in this voice; without its spectrum a clip keeps its tempo."""
        n_frames = len(next(iter(views.values())))
        return n_at(self.tempo, n_frames) if "log_mel" in views else n_frames

    def __call__(
        self,
        views: Views,
        *,
        mfcc: Mfcc,
        n_mels: int,
        wanted: Collection[str],
        rng: np.random.Generator | None = None,
        first: int = 0,
        n_frames: int | None = None,
    ) -> Views:
        """Some frames of a clip in this voice.

        Args:
            views: Raw features by view, each ``(n_frames, n_coefficients)``; they stay as they are.
            mfcc: Recomputes the cepstrum from a changed spectrum.
            n_mels: Mel bands under the cepstrum.
            wanted: Views that are returned. ``"mfcc"`` is made of the spectrum where it is not
                given.
            rng: Source of the noise, if there is any.
            first: First frame.
            n_frames: How many; all to the clip's end if None.
        """
        length = self.length(views)
        last = length if n_frames is None else min(first + n_frames, length)
        changed = {view: values[first:last] for view, values in views.items()}
        moved = self.snr_db is not None or self.tempo != 1 or self.warp != 1
        if "log_mel" in views and (moved or ("mfcc" in wanted and "mfcc" not in views)):
            begin, end = _seen(first, last, length, max(mfcc.width, SLOPES))
            shown = slice(first - begin, last - begin)
            level = resample(views["log_mel"], self.tempo, self.warp, first=begin, last=end)
            if self.snr_db is not None and rng is not None:
                level = add_noise(rng, level, self.snr_db)
            changed["log_mel"] = level[shown]
            if "mfcc" in wanted:
                changed["mfcc"] = mfcc(level.T)[shown]
            if "prosody" in wanted:
                spoken = _other_voice(views["prosody"], self.tempo, self.warp, begin, end)
                changed["prosody"] = spoken[shown]
        own = {view: _apart(changed[view], views.get(view)) for view in wanted}
        _make_louder(own, self.gain, n_mels)
        return own


def _apart(values: np.ndarray, stored: np.ndarray | None) -> np.ndarray:
    """Values in memory that may be written to, which what is stored is not."""
    shared = stored is not None and np.may_share_memory(values, stored)
    return values.copy() if shared else values


def _seen(first: int, last: int, length: int, width: int) -> tuple[int, int]:
    """Frames of which slopes of ``width`` frames are made, as they are in the whole clip."""
    begin = max(0, first - width // 2)
    end = min(length, max(last + width // 2, begin + width))
    return max(0, min(begin, end - width)), end


def resample(
    sequence: np.ndarray,
    tempo: float = 1.0,
    warp: float = 1.0,
    *,
    first: int = 0,
    last: int | None = None,
) -> np.ndarray:
    """Read a spectrogram faster or slower, and its bands stretched or squeezed.

    Another tempo is another way to speak; other band positions are another vocal tract and pitch,
    so both make new speakers out of old ones.

    Args:
        sequence: Levels, shape ``(n_frames, n_bands)``.
        tempo: Over 1 is faster: fewer frames.
        warp: Over 1 lowers formants and pitch by about this factor.
        first: First frame wanted of the ``n_frames / tempo`` there are.
        last: The frame behind the last wanted one; all that follow if None.

    Returns:
        Linear interpolation, float32, shape ``(last - first, n_bands)``.

    References:
        Jaitly, Hinton (2013). Vocal Tract Length Perturbation improves speech recognition. ICML.

    Example:
        >>> resample(np.arange(6.0)[:, None], tempo=2.0)[:, 0]
        array([0., 2., 4.], dtype=float32)
    """
    n_frames, n_bands = sequence.shape
    wanted = np.arange(first, n_at(tempo, n_frames) if last is None else last)
    if tempo == 1:
        read = slice(wanted[0], wanted[-1] + 1)
    else:
        below, above, share = _neighbours(n_frames, wanted * tempo)
        read = slice(below[0], above[-1] + 1)
        below, above = below - read.start, above - read.start
    sequence = sequence[read].astype(np.float32, copy=False)
    if warp != 1:
        sequence = sequence @ _reading(n_bands, np.arange(n_bands) * warp).T
    if tempo == 1:
        return sequence
    earlier = sequence[below]
    changed = sequence[above]
    changed -= earlier
    changed *= share[:, None]
    changed += earlier
    return changed


def n_at(tempo: float, n_frames: int) -> int:
    """Frames of a clip at another tempo.

    Example:
        >>> n_at(2.0, 6), n_at(1.0, 6), n_at(9.0, 4)
        (3, 6, 1)
    """
    return max(1, round(n_frames / tempo))


def _neighbours(n: int, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places around fractional positions, and how near the upper one is; the last goes on."""
    positions = np.minimum(positions, n - 1)
    below = np.minimum(positions.astype(int), max(n - 2, 0))
    above = np.minimum(below + 1, n - 1)
    return below, above, (positions - below).astype(np.float32)


def _reading(n: int, positions: np.ndarray) -> np.ndarray:
    """Matrix that reads ``n`` values at fractional positions; few bands, so a product is fast."""
    below, above, share = _neighbours(n, positions)
    matrix = np.zeros((len(positions), n), np.float32)
    rows = np.arange(len(positions))
    matrix[rows, below] = 1 - share
    matrix[rows, above] += share
    return matrix


def _other_voice(
    prosody: np.ndarray, tempo: float, warp: float, first: int, last: int
) -> np.ndarray:
    """Prosody at another tempo, and at another pitch where there is one, with slopes to match."""
    if tempo == warp == 1:
        return prosody[first:last]
    # At one tempo it is what is stored.
    static = resample(prosody[:, :N_STATIC], tempo, first=first, last=last).copy()
    voiced = static[:, PITCH] > 0
    static[voiced, PITCH] -= np.float32(np.log2(warp))
    return np.concatenate([static, delta(static)], axis=1)


def _make_louder(views: Views, gain: float, n_mels: int) -> None:
    """Add ``gain`` dB in all views, in place."""
    if "log_mel" in views:
        views["log_mel"] += np.float32(gain)
    if "mfcc" in views:  # a constant in dB reaches the zeroth coefficient only
        views["mfcc"][:, 0] += gain * np.sqrt(n_mels)
    if "prosody" in views:
        views["prosody"][:, ENERGY] += gain


def add_noise(rng: np.random.Generator, log_mel: np.ndarray, snr_db: float) -> np.ndarray:
    """Add stationary noise with a random spectral slope to a log-mel spectrogram.

    Powers add, because noise and speech are uncorrelated.

    Args:
        rng: Source of the noise.
        log_mel: Level in dB, shape ``(n_frames, n_mels)``.
        snr_db: Mean power of the clip over that of the noise, in dB.

    Returns:
        Level in dB, float32, shape ``(n_frames, n_mels)``.
    """
    power = np.exp(log_mel / DB_PER_NEPER)
    slope = np.exp(rng.uniform(-3, 3) * np.linspace(-0.5, 0.5, log_mel.shape[1]))
    noise = rng.exponential(size=log_mel.shape) * slope
    noise *= power.mean() / noise.mean() * 10 ** (-snr_db / 10)
    level: np.ndarray = DB_PER_NEPER * np.log(np.maximum(power + noise, AMIN))
    return level.astype(np.float32)
