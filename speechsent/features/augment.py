"""Seeded augmentation of the two views, so that clip ``i`` differs from epoch to epoch only.

Every random number comes from ``np.random.default_rng([seed, epoch, clip])``: it depends on
nothing else, so a run repeats exactly, and no state has to be saved to resume one. Generators
inside a ``tf.data`` map would repeat the same numbers every epoch.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError
from speechsent.features.log_mel import AMIN, DB_PER_NEPER
from speechsent.features.mfcc import Mfcc, delta
from speechsent.features.prosody import ENERGY, N_STATIC, PITCH

Views = dict[str, np.ndarray]

MAX_MASKS = 100  # in each clip; a configuration may come from anyone
MAX_DB = 100.0  # of change of level, and of signal over noise or noise over signal


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What is varied in training clips; zero switches a part off.

    Args:
        time_masks: Number of stretches of time hidden in each clip, at most 100.
        time_mask_frames: Longest such stretch in frames.
        mel_masks: Number of frequency bands hidden in each image, at most 100.
        mel_mask_bands: Widest such band in mel bands.
        shift_frames: Most frames dropped from the start.
        gain_db: Largest change of level, up or down, in dB, at most 100.
        tempo: Largest relative change of tempo.
        warp: Largest relative change of formants and pitch.
        noise: Probability that noise is added.
        noise_snr_db: Lowest signal-to-noise ratio in dB, from -100 to 100; the highest is 20 dB
            above it.
        mixup: Parameter of the symmetric beta distribution that mixes pairs of clips.

    Raises:
        ParameterError: If a field is out of range.

    References:
        Park et al. (2019). SpecAugment. https://doi.org/10.21437/Interspeech.2019-2680
        Zhang et al. (2018). mixup. https://arxiv.org/abs/1710.09412
    """

    time_masks: int = 2
    time_mask_frames: int = 15
    mel_masks: int = 1
    mel_mask_bands: int = 12
    shift_frames: int = 16
    gain_db: float = 6.0
    tempo: float = 0.25
    warp: float = 0.25
    noise: float = 0.0
    noise_snr_db: float = 10.0
    mixup: float = 0.2

    def __post_init__(self) -> None:
        for name in ("time_masks", "time_mask_frames", "mel_masks", "mel_mask_bands"):
            if getattr(self, name) < 0:
                raise ParameterError(f"{name} must not be negative. Received: {self}")
        if min(self.shift_frames, self.gain_db, self.mixup) < 0:
            raise ParameterError(
                f"shift_frames, gain_db and mixup must not be negative. Received: {self}"
            )
        if max(self.time_masks, self.mel_masks) > MAX_MASKS:
            raise ParameterError(
                f"time_masks and mel_masks must not exceed {MAX_MASKS}. "
                f"Received: time_masks={self.time_masks}, mel_masks={self.mel_masks}"
            )
        if not self.gain_db <= MAX_DB or not -MAX_DB <= self.noise_snr_db <= MAX_DB:
            raise ParameterError(
                f"gain_db must not exceed {MAX_DB:g}, and noise_snr_db lie in [-{MAX_DB:g}, "
                f"{MAX_DB:g}]. Received: gain_db={self.gain_db}, noise_snr_db={self.noise_snr_db}"
            )
        if not (0 <= self.tempo < 1 and 0 <= self.warp < 1):
            raise ParameterError(f"tempo and warp must lie in [0, 1). Received: {self}")
        if not 0 <= self.noise <= 1:
            raise ParameterError(f"noise is a probability. Received: noise={self.noise}")

    def start(self, rng: np.random.Generator, n_frames: int, n_window: int) -> int:
        """First frame of a training window: anywhere it fits, else near the beginning."""
        latest = max(n_frames - n_window, min(self.shift_frames, n_frames // 4))
        return int(rng.integers(latest + 1))

    @property
    def needs_spectrum(self) -> bool:
        """Whether the spectrum itself is changed, from which a cepstrum is then recomputed."""
        return max(self.tempo, self.warp, self.noise) > 0

    @property
    def moves_spectrum(self) -> bool:
        """Whether the spectrum of every clip is changed, whatever is drawn."""
        return max(self.tempo, self.warp) > 0

    def signal(
        self,
        rng: np.random.Generator,
        views: Views,
        *,
        mfcc: Mfcc,
        n_mels: int,
        wanted: Collection[str] = (),
    ) -> Views:
        """Change tempo, voice, noise and level, consistently in all views.

        Args:
            rng: The clip's generator for this epoch.
            views: Raw features by view, each ``(n_frames, n_coefficients)``; they stay as they are.
            mfcc: Recomputes the cepstrum from a changed spectrum.
            n_mels: Mel bands under the cepstrum.
            wanted: Views that are returned; those given if empty. ``"mfcc"`` is made of the
                spectrum where it is not given.
        """
        wanted = wanted or tuple(views)
        gain = rng.uniform(-self.gain_db, self.gain_db)
        noisy = rng.random() < self.noise
        snr = rng.uniform(self.noise_snr_db, self.noise_snr_db + 20)
        tempo, warp = np.exp(rng.uniform(-1, 1, 2) * [self.tempo, self.warp])
        changed = dict(views)
        missing = "mfcc" in wanted and "mfcc" not in views
        if "log_mel" in views and (noisy or tempo != 1 or warp != 1 or missing):
            level = resample(views["log_mel"], tempo, warp)
            changed["log_mel"] = add_noise(rng, level, snr) if noisy else level
            if "mfcc" in wanted:
                changed["mfcc"] = mfcc(changed["log_mel"].T)
            if "prosody" in wanted:
                changed["prosody"] = _other_voice(views["prosody"], tempo, warp)
        own = {
            view: changed[view].copy() if changed[view] is views.get(view) else changed[view]
            for view in wanted
        }
        _make_louder(own, gain, n_mels)
        return own

    def mask(self, rng: np.random.Generator, windows: Views, n_frames: int) -> None:
        """Hide stretches of time in all views and bands in the spectrogram, in place.

        Args:
            rng: The clip's generator for this epoch.
            windows: Standardised windows by view, ``(n_window, n_coefficients)``; 0 is the mean.
            n_frames: Frames in use; the padding behind them stays untouched.
        """
        for _ in range(self.time_masks):
            first, last = _stretch(rng, self.time_mask_frames, n_frames)
            for view in windows.values():
                # Not exactly 0: all-zero frames are padding to the LSTM.
                view[first:last] = np.float32(1e-6)
        if "log_mel" in windows:
            for _ in range(self.mel_masks):
                low, high = _stretch(rng, self.mel_mask_bands, windows["log_mel"].shape[1])
                windows["log_mel"][:n_frames, low:high] = 0.0

    def mix(self, rng: np.random.Generator, n_clips: int) -> tuple[np.ndarray, np.ndarray] | None:
        """Draw partners and weights for a batch, or None if mixing is off."""
        if not self.mixup:
            return None
        weights = rng.beta(self.mixup, self.mixup, n_clips).astype(np.float32)
        return rng.permutation(n_clips), np.maximum(weights, 1 - weights)


def resample(sequence: np.ndarray, tempo: float = 1.0, warp: float = 1.0) -> np.ndarray:
    """Read a spectrogram faster or slower, and its bands stretched or squeezed.

    Another tempo is another way to speak; other band positions are another vocal tract and pitch,
    so both make new speakers out of old ones.

    Args:
        sequence: Levels, shape ``(n_frames, n_bands)``.
        tempo: Over 1 is faster: fewer frames.
        warp: Over 1 lowers formants and pitch by about this factor.

    Returns:
        Linear interpolation, float32, shape ``(n_frames / tempo, n_bands)``.

    References:
        Jaitly, Hinton (2013). Vocal Tract Length Perturbation improves speech recognition. ICML.

    Example:
        >>> resample(np.arange(6.0)[:, None], tempo=2.0)[:, 0]
        array([0., 2., 4.], dtype=float32)
    """
    n_frames, n_bands = sequence.shape
    sequence = sequence.astype(np.float32, copy=False)
    if warp != 1:
        sequence = sequence @ _reading(n_bands, np.arange(n_bands) * warp).T
    if tempo == 1:
        return sequence
    below, above, share = _neighbours(n_frames, np.arange(max(1, round(n_frames / tempo))) * tempo)
    earlier = sequence[below]
    changed = sequence[above]
    changed -= earlier
    changed *= share[:, None]
    changed += earlier
    return changed


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


def _other_voice(prosody: np.ndarray, tempo: float, warp: float) -> np.ndarray:
    """Prosody at another tempo, and at another pitch where there is one, with slopes to match."""
    if tempo == warp == 1:
        return prosody
    static = resample(prosody[:, :N_STATIC], tempo).copy()  # at one tempo it is what is stored
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


def _stretch(rng: np.random.Generator, longest: int, n: int) -> tuple[int, int]:
    """A random interval of at most ``longest`` and at most a third of ``n``."""
    length = int(rng.integers(min(longest, n // 3) + 1))
    first = int(rng.integers(n - length + 1))
    return first, first + length


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
