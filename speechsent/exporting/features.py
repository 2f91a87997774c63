"""The features as a graph of TensorFlow operations that every export format has.

The numbers are those of ``speechsent.features``, which tests compare. All is in float32, because
LiteRT multiplies nothing else; the spectrum is a product with a matrix, because no two formats
have the same Fourier transform.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from speechsent.features.extraction import MARGIN, Extractor
from speechsent.features.log_mel import AMIN, DB_PER_NEPER, LogMel
from speechsent.features.mfcc import Mfcc, dct_matrix, slope_weights
from speechsent.features.spectrum import hann

Tensor = Any  # tensorflow ships no types


def log_mel(signal: Tensor, config: LogMel) -> Tensor:
    """Level in dB re 1, shape ``(n_frames, n_mels)``, of samples ``(n_samples,)``."""
    before, behind = _halves(signal, config)
    cosines, sines = _fourier(config.n_fft)
    # The window and the cosines are the same on both sides of a frame's middle, the sines opposite.
    real = tf.matmul(before + behind, cosines)
    imaginary = tf.matmul(before - behind, sines)
    power = tf.matmul(tf.square(real) + tf.square(imaginary), tf.constant(config.filters))
    level = tf.math.log(tf.maximum(power, AMIN)) * DB_PER_NEPER
    return tf.maximum(level, tf.reduce_max(level) - config.top_db)


def _halves(signal: Tensor, config: LogMel) -> tuple[Tensor, Tensor]:
    """Frames centred on multiples of the hop, as what lies before and behind their middle.

    Sample ``i`` of the one lies as far from the middle as sample ``i`` of the other, and an even
    frame's middle is in both; the first sample of a frame is in neither, its weight is 0. Each has
    the shape ``(n_frames, n_fft // 2)``.
    """
    half = config.n_fft // 2
    padded = tf.pad(signal, [[half, half]])
    n_frames = (tf.size(padded) - config.n_fft) // config.hop_length + 1
    first = tf.range(n_frames)[:, None] * config.hop_length
    place = tf.range(1, half + 1)[None]
    return tf.gather(padded, first + place), tf.gather(padded, first + config.n_fft - place)


def _fourier(n_fft: int) -> tuple[Tensor, Tensor]:
    """Windowed cosines and sines of each frequency: ``(n_fft // 2, n_fft // 2 + 1)`` each."""
    place = np.arange(1, n_fft // 2 + 1)
    angle = 2 * np.pi / n_fft * (np.outer(place, np.arange(n_fft // 2 + 1)) % n_fft)
    weight = hann(n_fft)[place, None] * np.where(2 * place == n_fft, 0.5, 1.0)[:, None]
    return (
        tf.constant(weight * np.cos(angle), tf.float32),
        tf.constant(weight * np.sin(angle), tf.float32),
    )


def mfcc(level: Tensor, config: Mfcc) -> Tensor:
    """Cepstra and slopes, ``(n_frames, n_coefficients)``, of levels ``(n_frames, n_mels)``."""
    matrix = dct_matrix(int(level.shape[1]), config.n_mfcc)
    static = tf.matmul(level, tf.constant(matrix, tf.float32))
    if not config.n_deltas:
        return static
    neighbours = tf.gather(static, _neighbours(tf.shape(static)[0], config.width))
    orders = range(1, config.n_deltas + 1)
    slopes = [_weighted(neighbours, slope_weights(config.width, order)) for order in orders]
    return tf.concat([static, *slopes], axis=1)


def _neighbours(n_frames: Tensor, width: int) -> Tensor:
    """Frames each slope looks at, ``(n_frames, width)``.

    At the edges of a clip the slope of the first and last whole neighbourhood holds; a clip that
    is shorter than one holds its first and last frame instead.
    """
    edge = width // 2
    whole = tf.where(n_frames >= width, edge, 0)
    centre = tf.clip_by_value(tf.range(n_frames), whole, n_frames - 1 - whole)
    around = centre[:, None] + tf.range(-edge, edge + 1)[None]
    return tf.clip_by_value(around, 0, n_frames - 1)


def _weighted(neighbours: Tensor, weights: np.ndarray) -> Tensor:
    """Weighted sum over the second axis."""
    return tf.reduce_sum(neighbours * tf.constant(weights[None, :, None], tf.float32), axis=1)


def speech_frames(level: Tensor, trim_db: float) -> tuple[Tensor, Tensor]:
    """First frame of speech and the one behind its last, with the quiet that is kept."""
    n_frames = tf.shape(level)[0]
    if not trim_db:
        return tf.constant(0), n_frames
    total = DB_PER_NEPER * tf.math.log(tf.reduce_sum(tf.exp(level / DB_PER_NEPER), axis=1))
    loud = total >= tf.reduce_max(total) - trim_db
    frames = tf.range(n_frames)
    first = tf.reduce_min(tf.where(loud, frames, n_frames))
    last = tf.reduce_max(tf.where(loud, frames, 0))
    return tf.maximum(first - MARGIN, 0), tf.minimum(last + 1 + MARGIN, n_frames)


def views(signal: Tensor, extractor: Extractor) -> tuple[dict[str, Tensor], Tensor]:
    """The views of a whole clip, trimmed, ``(n_frames, n_values)`` each, and ``n_frames``."""
    level = log_mel(signal, extractor.log_mel)
    first, stop = speech_frames(level, extractor.trim_db)
    found = {}
    if "log_mel" in extractor.views:
        found["log_mel"] = level[first:stop]
    if "mfcc" in extractor.views:
        found["mfcc"] = mfcc(level, extractor.mfcc)[first:stop]
    return found, stop - first
