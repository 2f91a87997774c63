"""A fingerprint of the sound itself, by which copies of a clip are found however they are kept.

The level of 48 mel bands is compared with the mean of its frame and with itself 30 ms before. That
removes gain and the colour of a recording, and leaves what no second take repeats: the movement
of each harmonic. Long windows keep the picture still when a cut shifts the frames by less than a
hop. What lies 40 dB below the loudest band is floor, so silent ends and the noise of an encoder
say nothing; bands end at 3.6 kHz, so that a copy at 8 kHz has them all.

Haitsma, Kalker (2002) take the sign of these differences; here their size counts, because clips
are short and few.

References:
    Haitsma, Kalker (2002). A Highly Robust Audio Fingerprinting System. ISMIR.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import scipy.fft
from threadpoolctl import threadpool_limits

from speechsent.features.log_mel import LogMel

BANDS = LogMel(n_fft=1024, hop_length=160, n_mels=48, fmin=150.0, fmax=3600.0, top_db=40.0)
FRAME_RATE = BANDS.sample_rate / BANDS.hop_length  # frames per second
STEP = 3  # frames between the levels compared
SHORTEST = 20  # frames; shorter speech looks like much other speech
LONGEST = 3000  # frames; of longer clips the first half minute is compared
BLOCK = 64  # clips correlated at once: 14 MB for clips of 4 s
CANDIDATE = 0.4  # a sixth of the energy, aligned anywhere, is worth a second look
OVERLAP = 0.5  # share of the shorter clip's energy both must have in common
# Just above the most alike of all pairs of different clips of the built-in voices (0.886).
ALIKE = 0.9


class Pair(NamedTuple):
    """Two clips by index and how alike they are, at most 1."""

    first: int
    second: int
    likeness: float


def loud_frames(level: np.ndarray) -> slice:
    """Frames from the first to the last with a band above the floor.

    Args:
        level: From ``BANDS``, dB, shape ``(n_mels, n_frames)``.

    Example:
        >>> level = np.zeros((48, 9)); level[3, 2:5] = 1
        >>> loud_frames(level)
        slice(2, 5, None)
    """
    loud = np.flatnonzero((level > level.min()).any(axis=0))
    return slice(int(loud[0]), int(loud[-1]) + 1) if len(loud) else slice(0, 0)


def fingerprint(level: np.ndarray) -> np.ndarray | None:
    """How each band moves against the others; None if there is too little speech to tell.

    Args:
        level: From ``BANDS``, dB, shape ``(n_mels, n_frames)``.

    Returns:
        Shape ``(n_mels, n_frames)``, float32, of norm 1.
    """
    speech = level[:, loud_frames(level)][:, :LONGEST]
    shape = speech - speech.mean(axis=0) if speech.size else speech
    moves = shape[:, STEP:] - shape[:, :-STEP]
    norm = float(np.linalg.norm(moves))
    return moves / np.float32(norm) if moves.shape[1] >= SHORTEST and norm else None


def alike(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> Iterator[Pair]:
    """Pairs of clips that are copies, each aligned as fits it best.

    Every clip of one list is correlated with every clip of the other over all shifts at once,
    by FFT; the few that correlate are then compared on their common stretch alone, so that a
    copy is not marked down for what was cut off.

    Args:
        first: Fingerprints of some clips.
        second: Fingerprints of others.

    Yields:
        Pairs of indices into both lists, with a likeness of ``ALIKE`` or more.
    """
    for pair in compare(first, second):
        if pair.likeness >= ALIKE:
            yield pair


def compare(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> Iterator[Pair]:
    """Pairs that correlate at all, with their likeness."""
    # Small matrix products spin for many times their cost when BLAS shares them among threads.
    with threadpool_limits(1, user_api="blas"):
        for i, j in product(range(0, len(first), BLOCK), range(0, len(second), BLOCK)):
            these, those = first[i : i + BLOCK], second[j : j + BLOCK]
            for a, b, shift in _candidates(these, those):
                yield Pair(i + a, j + b, _likeness(these[a], those[b], shift))


def _candidates(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray]
) -> Iterator[tuple[int, int, int]]:
    """Indices and best shift, in frames, of the pairs whose correlation is worth a second look."""
    longest = max(x.shape[1] for x in first)
    n_fft = scipy.fft.next_fast_len(longest + max(x.shape[1] for x in second), real=True)
    spectra = _spectra(first, n_fft) @ _spectra(second, n_fft).conj().transpose(0, 2, 1)
    correlation = scipy.fft.irfft(spectra, n_fft, axis=0, overwrite_x=True)
    for a, b in np.argwhere(correlation.max(axis=0) >= CANDIDATE):
        shift = int(correlation[:, a, b].argmax())
        yield int(a), int(b), shift if shift < longest else shift - n_fft


def _spectra(prints: Sequence[np.ndarray], n_fft: int) -> np.ndarray:
    """Spectra along time, shape ``(n_bins, n_clips, n_mels)``."""
    return np.stack([scipy.fft.rfft(x, n_fft).T for x in prints], axis=1)


def _likeness(first: np.ndarray, second: np.ndarray, shift: int) -> float:
    """Correlation on the common stretch; 0 if that holds too little of the shorter clip."""
    late, early = first[:, max(shift, 0) :], second[:, max(-shift, 0) :]
    n_common = min(late.shape[1], early.shape[1])
    a, b = late[:, :n_common], early[:, :n_common]
    energies = float(np.vdot(a, a)), float(np.vdot(b, b))
    if max(energies) < OVERLAP:
        return 0.0
    return min(1.0, float(np.vdot(a, b)) / float(np.sqrt(energies[0] * energies[1])))
