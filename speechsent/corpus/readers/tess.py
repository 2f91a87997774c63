"""TESS: two actresses, one carrier phrase, two hundred words.

Pichora-Fuller, Dupuis (2020). Toronto emotional speech set (TESS). Borealis.
https://doi.org/10.5683/SP2/E8H2MF
"""

import re
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

NAME = "tess"
RULE = "a TESS name is SPEAKER_word_emotion with speaker OAF or YAF, as in 'OAF_back_angry.wav'"
EMOTIONS = {
    "neutral": "neutral",
    "happy": "happiness",
    "sad": "sadness",
    "angry": "anger",
    "fear": "fear",
    "disgust": "disgust",
    "ps": "surprise",
    "pleasant_surprise": "surprise",
    "pleasant_surprised": "surprise",
}

# 'OA_bite_neutral.wav' is published without its F; letters differ in case between releases.
_NAME = re.compile(
    rf"(?P<speaker>OAF?|YAF?)_(?P<word>[a-z]+)_(?P<emotion>{'|'.join(EMOTIONS)})", re.IGNORECASE
)


def matches(path: Path) -> bool:
    """Tell whether the file is named as the rule says."""
    return _NAME.fullmatch(path.stem) is not None


def parse(path: Path) -> Utterance:
    """Read speaker, emotion and word off the file name.

    Raises:
        CorpusError: If the name breaks the rule.
    """
    found = _NAME.fullmatch(path.stem)
    if found is None:
        raise CorpusError(f"{RULE}. Received: {path.name!r}")
    return Utterance(
        path=path,
        emotion=EMOTIONS[found["emotion"].lower()],
        speaker=f"{NAME}/{found['speaker'][:2].upper()}F",
        gender="female",
        sentence=found["word"].lower(),
    )
