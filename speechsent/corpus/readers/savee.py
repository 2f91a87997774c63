"""SAVEE: an emotion code and a number; the speaker is the folder, or stands in front.

Haq, Jackson (2010). Multimodal Emotion Recognition. In Wang (ed.), Machine Audition, IGI Global.
https://doi.org/10.4018/978-1-61520-919-4.ch017, http://kahlan.eps.surrey.ac.uk/savee/
"""

import re

from speechsent.corpus.readers.reader import Reader, Told

RULE = (
    "a SAVEE name is EMOTION and two digits, in a folder DC, JE, JK or KL or after SPEAKER_, "
    "as in 'DC/a01.wav' or 'DC_a01.wav'"
)
# The name with its folder: 'DC/a01', or 'anything/DC_a01'.
PATTERN = re.compile(
    r"(?:[^/]*/)?(?P<speaker>DC|JE|JK|KL)[/_](?P<emotion>sa|su|[adfhn])(?P<number>\d\d)"
)
EMOTIONS = {
    "a": "anger", "d": "disgust", "f": "fear", "h": "happiness", "n": "neutral",
    "sa": "sadness", "su": "surprise",
}  # fmt: skip


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=found["speaker"],
        gender="male",  # all four of them
        sentence=_sentence(found["emotion"], found["number"]),
    )


def _sentence(emotion: str, number: str) -> str:
    """The first three sentences are common to all emotions, the others are their own."""
    return number if int(number) <= 3 else f"{emotion}{number}"


READER = Reader(
    name="savee", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, with_folder=True, read=_read
)
