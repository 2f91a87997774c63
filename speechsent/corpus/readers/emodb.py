"""EmoDB, the Berlin Database of Emotional Speech: speaker, text, emotion, version.

Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss (2005). A database of German emotional speech.
Interspeech 2005. https://doi.org/10.21437/Interspeech.2005-446
"""

import re
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

NAME = "emodb"
RULE = "an EmoDB name is speaker, text, emotion letter and version, as in '03a01Fa.wav'"
EMOTIONS = {
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
MALE = frozenset({"03", "10", "11", "12", "15"})

_NAME = re.compile(
    r"(?P<speaker>03|08|09|1[0-6])(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-z])"
)


def matches(path: Path) -> bool:
    """Tell whether the file is named as the rule says."""
    return _NAME.fullmatch(path.stem) is not None


def parse(path: Path) -> Utterance:
    """Read speaker, emotion and text off the file name.

    Raises:
        CorpusError: If the name breaks the rule.
    """
    found = _NAME.fullmatch(path.stem)
    if found is None:
        raise CorpusError(f"{RULE}. Received: {path.name!r}")
    return Utterance(
        path=path,
        emotion=EMOTIONS[found["emotion"]],
        speaker=f"{NAME}/{found['speaker']}",
        gender="male" if found["speaker"] in MALE else "female",
        sentence=found["text"],
    )
