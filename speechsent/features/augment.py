"""Seeded augmentation of the two views, so that clip ``i`` differs from epoch to epoch only.

Every random number comes from ``np.random.default_rng([seed, epoch, clip])``: it depends on
nothing else, so a run repeats exactly, and no state has to be saved to resume one. Generators
inside a ``tf.data`` map would repeat the same numbers every epoch.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from speechsent.errors import ParameterError
from speechsent.features.mfcc import Mfcc
from speechsent.features.voice import Views, Voice

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
        tempo: Largest change of tempo, as the logarithm of its factor: with 0.25 clips are up to
            28 % faster, or 22 % slower.
        warp: The same of formants and pitch.
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

    def voice(self, rng: np.random.Generator) -> Voice:
        """Draw how a clip is to sound."""
        gain = rng.uniform(-self.gain_db, self.gain_db)
        noisy = rng.random() < self.noise
        snr = rng.uniform(self.noise_snr_db, self.noise_snr_db + 20)
        tempo, warp = np.exp(rng.uniform(-1, 1, 2) * [self.tempo, self.warp])
        return Voice(float(gain), float(tempo), float(warp), snr if noisy else None)

    def signal(
        self,
        rng: np.random.Generator,
        views: Views,
        *,
        mfcc: Mfcc,
        n_mels: int,
        wanted: Collection[str] = (),
    ) -> Views:
        """Change tempo, voice, noise and level of a whole clip, consistently in all views.

        Args:
            rng: The clip's generator for this epoch.
            views: Raw features by view, each ``(n_frames, n_coefficients)``; they stay as they are.
            mfcc: Recomputes the cepstrum from a changed spectrum.
            n_mels: Mel bands under the cepstrum.
            wanted: Views that are returned; those given if empty. ``"mfcc"`` is made of the
                spectrum where it is not given.
        """
        voice = self.voice(rng)
        return voice(views, mfcc=mfcc, n_mels=n_mels, wanted=wanted or tuple(views), rng=rng)

    def window(
        self,
        rng: np.random.Generator,
        views: Views,
        n_window: int,
        *,
        mfcc: Mfcc,
        n_mels: int,
        wanted: Collection[str] = (),
    ) -> Views:
        """A random window of a clip in another voice, consistently in all views.

        Only what the window shows is computed, so that long clips cost no more than short ones;
        noise alone is drawn for all of a clip.

        Args:
            rng: As for :meth:`signal`.
            views: As for :meth:`signal`.
            n_window: Frames in the window; fewer are returned where the clip ends before.
            mfcc: As for :meth:`signal`.
            n_mels: As for :meth:`signal`.
            wanted: As for :meth:`signal`.
        """
        voice, wanted = self.voice(rng), wanted or tuple(views)
        if voice.snr_db is not None:
            whole = voice(views, mfcc=mfcc, n_mels=n_mels, wanted=wanted, rng=rng)
            first = self.start(rng, voice.length(views), n_window)
            return {view: values[first : first + n_window] for view, values in whole.items()}
        first = self.start(rng, voice.length(views), n_window)
        return voice(views, mfcc=mfcc, n_mels=n_mels, wanted=wanted, first=first, n_frames=n_window)

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


def _stretch(rng: np.random.Generator, longest: int, n: int) -> tuple[int, int]:
    """A random interval of at most ``longest`` and at most a third of ``n``."""
    length = int(rng.integers(min(longest, n // 3) + 1))
    first = int(rng.integers(n - length + 1))
    return first, first + length
