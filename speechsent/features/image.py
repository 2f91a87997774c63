"""The spectrogram image: a standardised log-mel spectrogram as grey values."""

import numpy as np

from speechsent.features.standardize import Statistics

CONTRAST = 4.0  # standard deviations from grey to white; under 1 in 10,000 values lies beyond

# Levels from -100 to 20 dB on the grey scale, whatever the corpus.
FIXED_LEVELS = Statistics(np.array([-40.0], np.float32), np.array([15.0], np.float32))


def to_image(log_mel: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Turn standardised log-mel windows into images of one channel.

    Grey (0.5) is the training mean, so padding with zeros is neutral; high is loud. No plotting
    library is involved, and nothing is scaled clip by clip: loudness stays visible.

    Args:
        log_mel: Standardised levels, shape ``(..., n_frames, n_mels)``, low bands first.
        out: Float32 of the same shape, whose memory the image takes; may be ``log_mel`` itself.

    Returns:
        Values in [0, 1], float32, shape ``(..., n_mels, n_frames, 1)``: low frequencies at the
        bottom row, time to the right.

    Example:
        >>> to_image(np.zeros((150, 64), "float32")).shape
        (64, 150, 1)
    """
    grey = np.multiply(log_mel, 0.5 / CONTRAST, out=out)
    grey += 0.5
    np.clip(grey, 0.0, 1.0, out=grey)
    return np.swapaxes(grey.astype(np.float32, copy=False), -1, -2)[..., ::-1, :, None]
