"""Take out of answers what all clips of a speaker are told alike."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from speechsent.metrics import Values

FLOOR = 1e-7  # of probabilities whose logarithm is taken
FEW = 4  # clips of a speaker by whose mean half of it is believed


def speaker_offset(probabilities: ArrayLike) -> Values:
    """What is to be taken from the log-probabilities of a speaker's clips.

    Somebody whose voice always sounds angry is told angry in every clip; which clips are angrier
    than the others is what remains. It needs clips of several emotions, and no labels. The fewer
    clips there are, the less of their mean is taken out.

    Args:
        probabilities: Of some clips of one speaker, shape ``(n_clips, n_classes)``.

    Returns:
        Shape ``(n_classes,)``, with mean 0.
    """
    logs = np.log(np.maximum(np.asarray(probabilities, np.float64), FLOOR))
    mean = logs.mean(axis=0)
    offset: Values = (mean - mean.mean()) * len(logs) / (len(logs) + FEW)
    return offset


def without_offset(probabilities: ArrayLike, offset: Values) -> Values:
    """Probabilities whose logarithms are lower by an offset.

    Args:
        probabilities: Shape ``(..., n_classes)``.
        offset: Shape ``(n_classes,)``.
    """
    logs = np.log(np.maximum(np.asarray(probabilities, np.float64), FLOOR)) - offset
    odds = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def centred(probabilities: ArrayLike, speakers: Sequence[str | None]) -> Values:
    """Answers for clips, less what all clips of their speaker are told alike.

    Args:
        probabilities: Shape ``(n_clips, n_classes)``.
        speakers: Speaker of each clip; clips whose speaker is unknown stay as they are.

    Example:
        >>> told = [[0.9, 0.1], [0.6, 0.4]] * 50
        >>> centred(told, ["a"] * 100).argmax(axis=1)[:2]
        array([0, 1])
    """
    found = np.array(probabilities, np.float64)
    for speaker in {who for who in speakers if who is not None}:
        own = np.array([who == speaker for who in speakers])
        found[own] = without_offset(found[own], speaker_offset(found[own]))
    return found
