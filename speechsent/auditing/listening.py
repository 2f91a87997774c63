"""Open every clip once, and keep what the checks of content need."""

import hashlib
import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from speechsent import audio
from speechsent.auditing.fingerprint import BANDS, FRAME_RATE, fingerprint, loud_frames
from speechsent.corpus.utterance import Refusal, Utterance
from speechsent.errors import AudioError, AudioWarning
from speechsent.features.threads import Threads


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What one clip sounds like.

    Args:
        digest: Hash of the decoded samples: equal for copies in any lossless container.
        fingerprint: From ``fingerprint``; None if there is too little speech to tell.
        duration: Seconds.
        level: RMS in dB relative to full scale.
        offset: Mean of the samples (DC), full scale 1.
        silence: Seconds before and after what lies within 40 dB of the loudest band.
    """

    digest: str
    fingerprint: np.ndarray | None
    duration: float
    level: float
    offset: float
    silence: float


def listen(
    utterances: Sequence[Utterance], progress: Callable[[int], None]
) -> list[Sound | Refusal]:
    """Open clips, in order; a clip that cannot be opened gives the reason.

    Args:
        utterances: The clips.
        progress: Called with the number of clips done.
    """
    found: list[Sound | Refusal] = []
    with warnings.catch_warnings(), closing(Threads()(_attempt, utterances)) as results:
        warnings.simplefilter("ignore", AudioWarning)  # oddities of clips are not leaks
        for done, result in enumerate(results, start=1):
            found.append(result)
            progress(done)
    return found


def _attempt(utterance: Utterance) -> Sound | Refusal:
    try:
        return sound(audio.load(utterance.path, start=utterance.start, end=utterance.end))
    except AudioError as error:
        return Refusal(utterance.path, error.reason)


def sound(signal: np.ndarray) -> Sound:
    """Describe a signal ``(n_samples,)`` at 16 kHz that is not silent."""
    level = BANDS(signal)
    loud = loud_frames(level)
    return Sound(
        digest=hashlib.sha256(signal.tobytes()).hexdigest(),
        fingerprint=fingerprint(level),
        duration=len(signal) / BANDS.sample_rate,
        level=10 * math.log10(float(np.mean(np.square(signal, dtype=np.float64)))),
        offset=float(signal.mean(dtype=np.float64)),
        silence=(level.shape[1] - (loud.stop - loud.start)) / FRAME_RATE,
    )
