"""SAVEE: an emotion code and a number; the speaker is the folder, or stands in front.

Haq, Jackson (2010). Multimodal Emotion Recognition. In Wang (ed.), Machine Audition, IGI Global.
https://doi.org/10.4018/978-1-61520-919-4.ch017, http://kahlan.eps.surrey.ac.uk/savee/
"""

import re
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

NAME = "savee"
RULE = (
    "a SAVEE name is EMOTION and two digits, in a folder DC, JE, JK or KL or after SPEAKER_, "
    "as in 'DC/a01.wav' or 'DC_a01.wav'"
)
EMOTIONS = {
    "a": "anger",
    "d": "disgust",
    "f": "fear",
    "h": "happiness",
    "n": "neutral",
    "sa": "sadness",
    "su": "surprise",
}
SPEAKERS = frozenset({"DC", "JE", "JK", "KL"})  # four men

_NAME = re.compile(r"(?:(?P<speaker>DC|JE|JK|KL)_)?(?P<emotion>sa|su|[adfhn])(?P<number>\d\d)")


def matches(path: Path) -> bool:
    """Tell whether the file is named as the rule says."""
    found = _NAME.fullmatch(path.stem)
    return found is not None and (found["speaker"] or path.parent.name) in SPEAKERS


def parse(path: Path) -> Utterance:
    """Read speaker, emotion and sentence off the file name.

    Raises:
        CorpusError: If the name breaks the rule.
    """
    found = _NAME.fullmatch(path.stem)
    if found is None or not matches(path):
        raise CorpusError(f"{RULE}. Received: {path.name!r} in folder {path.parent.name!r}")
    return Utterance(
        path=path,
        emotion=EMOTIONS[found["emotion"]],
        speaker=f"{NAME}/{found['speaker'] or path.parent.name}",
        gender="male",
        sentence=_sentence(found["emotion"], found["number"]),
    )


def _sentence(emotion: str, number: str) -> str:
    """The first three sentences are common to all emotions, the others are their own."""
    return number if int(number) <= 3 else f"{emotion}{number}"
