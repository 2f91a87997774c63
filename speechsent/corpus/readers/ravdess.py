"""RAVDESS: seven numbers in the file name say everything.

Livingstone, Russo (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song.
PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391
"""

import re
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

NAME = "ravdess"
RULE = (
    "a RAVDESS name is seven two-digit numbers, modality-channel-emotion-intensity-statement-"
    "repetition-actor, as in '03-01-06-01-02-01-12.wav'"
)
EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happiness",
    "04": "sadness",
    "05": "anger",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
INTENSITIES = {"01": "normal", "02": "strong"}
SENTENCES = {"01": "kids", "02": "dogs"}  # "Kids / Dogs are talking / sitting by the door."

# Modality 02 is video without sound.
_NAME = re.compile(
    r"0[13]-0[12]-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<statement>0[12])-0[12]"
    r"-(?P<actor>0[1-9]|1\d|2[0-4])"
)


def matches(path: Path) -> bool:
    """Tell whether the file is named as the rule says."""
    return _NAME.fullmatch(path.stem) is not None


def parse(path: Path) -> Utterance:
    """Read speaker, emotion, sentence and intensity off the file name.

    Raises:
        CorpusError: If the name breaks the rule, as with a prefix or a ``-seg0`` suffix.
    """
    found = _NAME.fullmatch(path.stem)
    if found is None:
        raise CorpusError(f"{RULE}. Received: {path.name!r}")
    return Utterance(
        path=path,
        emotion=EMOTIONS[found["emotion"]],
        speaker=f"{NAME}/{found['actor']}",
        gender="male" if int(found["actor"]) % 2 else "female",
        sentence=SENTENCES[found["statement"]],
        intensity=INTENSITIES[found["intensity"]],
    )
