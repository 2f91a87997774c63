"""EmoDB, the Berlin Database of Emotional Speech: speaker, text, emotion, version.

Burkhardt, Paeschke, Rolfes, Sendlmeier, Weiss (2005). A database of German emotional speech.
Interspeech 2005. https://doi.org/10.21437/Interspeech.2005-446
"""

import re

from speechsent.corpus.readers.reader import Reader, Told

RULE = "an EmoDB name is speaker, text, emotion letter and version, as in '03a01Fa.wav'"
PATTERN = re.compile(
    r"(?P<speaker>03|08|09|1[0-6])(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-z])"
)
EMOTIONS = {
    "w": "anger", "l": "boredom", "e": "disgust", "a": "fear",
    "f": "happiness", "t": "sadness", "n": "neutral",
}  # fmt: skip
MALE = frozenset({"03", "10", "11", "12", "15"})


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=found["speaker"],
        gender="male" if found["speaker"] in MALE else "female",
        sentence=found["text"],
    )


READER = Reader(name="emodb", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, read=_read)
