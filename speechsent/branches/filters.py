"""Fixed filters over some frames and all bands of a spectrogram, drawn at random."""

import math
from collections.abc import Sequence

import numpy as np

WIDTH = 5  # frames a filter looks at
SMOOTH_SHARE = 0.5  # of those that see changes: one course over time for all their bands
LASTING_SHARE = 0.5  # of those that see shapes: the same shape in all their frames
PERIODS = (60.0, 2400.0)  # Hz, between which the period of a ripple is drawn
TOPS = (2.5, 3.0)  # periods, to which a ripple reaches at the least, and which it may always reach
HIGHEST = 1500.0  # Hz, to which any ripple may reach
GLIDE = 0.2  # deviation of the change of a ripple's period from tap to tap, as a share of it
LOCAL_SEED, SHAPE_SEED, RIPPLE_SEED = 0xF117, 0x5A9E, 0x81FF


def local_filters(
    n_bands: int, n_filters: int, *, level_share: float, seed: int | Sequence[int]
) -> np.ndarray:
    """Draw filters over ``WIDTH`` frames and a stretch of neighbouring bands each.

    Args:
        n_bands: Bands of the spectrogram.
        n_filters: Number of filters.
        level_share: Share of filters whose weights need not sum to 0 over time.
        seed: Seed.

    Returns:
        Weights of unit length, float32, shape ``(WIDTH, n_bands, n_filters)``.
    """
    seeds = [seed] if isinstance(seed, int) else list(seed)
    rng = np.random.default_rng([LOCAL_SEED, *map(int, seeds)])
    filters = np.zeros((WIDTH, n_bands, n_filters), np.float32)
    for i in range(n_filters):
        first, n = _stretch(rng, n_bands, narrowest=2)
        weights = rng.normal(size=(WIDTH, n))
        if rng.random() >= level_share:
            if rng.random() < SMOOTH_SHARE:
                weights = np.outer(rng.normal(size=WIDTH), np.hanning(n + 2)[1:-1])
            weights = weights - weights.mean(axis=0)
        filters[:, first : first + n, i] = _unit(weights)
    return filters


def shape_filters(n_bands: int, n_filters: int, *, seed: int) -> np.ndarray:
    """Draw filters over a stretch of bands whose weights sum to 0 in each frame.

    How loud a frame is does not count, only how its level is spread over the bands.

    Args:
        n_bands: Bands of the spectrogram.
        n_filters: Number of filters.
        seed: Seed.

    Returns:
        Weights of unit length, float32, shape ``(WIDTH, n_bands, n_filters)``.
    """
    rng = np.random.default_rng([SHAPE_SEED, seed])
    filters = np.zeros((WIDTH, n_bands, n_filters), np.float32)
    for i in range(n_filters):
        first, n = _stretch(rng, n_bands, narrowest=4)
        weights = rng.normal(size=(WIDTH, n))
        if rng.random() < LASTING_SHARE:
            weights[:] = weights[0]
        filters[:, first : first + n, i] = _unit(weights - weights.mean(axis=1, keepdims=True))
    return filters


def ripple_filters(hertz: np.ndarray, n_filters: int, *, seed: int) -> np.ndarray:
    """Draw filters that are cosines along frequency, whose period stays, widens or narrows.

    The level of a voice rises and falls along frequency once for each harmonic, and more slowly
    with its formants. A ripple of the period of a voice's pitch is at 1 on each harmonic: what it
    says is how much of that pitch there is, whatever the level, because the weights of a frame sum
    to 0; gliding ripples answer to pitch that glides.

    Args:
        hertz: Centres of the bands in Hz, in the order of the bands.
        n_filters: Number of filters.
        seed: Seed.

    Returns:
        Weights of unit length, float32, shape ``(WIDTH, n_bands, n_filters)``; 0 where a ripple
        meets no band.

    References:
        Hermes (1988). Measurement of pitch by subharmonic summation.
        https://doi.org/10.1121/1.396427
        Chi, Ru, Shamma (2005). Multiresolution spectrotemporal analysis of complex sounds.
        https://doi.org/10.1121/1.1945807
    """
    rng = np.random.default_rng([RIPPLE_SEED, seed])
    finest = np.diff(np.sort(hertz)).min()
    # Two bands a period, or it reads as another; but no bands are so far apart that none is left.
    shortest = min(max(PERIODS[0], 2 * finest), PERIODS[1] / 2)
    filters = np.zeros((WIDTH, len(hertz), n_filters), np.float32)
    for i in range(n_filters):
        period = math.exp(rng.uniform(math.log(shortest), math.log(PERIODS[1])))
        top = rng.uniform(TOPS[0] * period, max(TOPS[1] * period, HIGHEST))
        glide = GLIDE * rng.normal() * np.arange(-(WIDTH // 2), WIDTH // 2 + 1)
        weights = np.stack([_ripple(hertz, one, top) for one in period * np.exp(glide)])
        filters[:, :, i] = _unit(weights)
    return filters


def _stretch(rng: np.random.Generator, n_bands: int, *, narrowest: int) -> tuple[int, int]:
    """First band and number of bands of a stretch; narrow ones are as frequent as wide ones."""
    narrowest = min(narrowest, n_bands)
    widest = max(narrowest, 2 * n_bands // 3)
    n = round(math.exp(rng.uniform(math.log(narrowest), math.log(widest))))
    return int(rng.integers(n_bands - n + 1)), n


def _ripple(hertz: np.ndarray, period: float, top: float) -> np.ndarray:
    """A cosine along frequency that fades towards ``top``, of sum 0."""
    inside = (hertz > period / 2) & (hertz < top)
    fading = np.where(inside, np.cos(np.pi / 2 * hertz / top) ** 2, 0.0)
    ripple: np.ndarray = np.cos(2 * np.pi * hertz / period) * fading
    return ripple - fading * ripple.sum() / max(fading.sum(), np.finfo(float).tiny)


def _unit(weights: np.ndarray) -> np.ndarray:
    """Weights of length 1; those that are all 0 stay so."""
    scaled: np.ndarray = weights / max(float(np.linalg.norm(weights)), 1e-12)
    return scaled
