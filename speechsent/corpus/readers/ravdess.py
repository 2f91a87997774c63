"""RAVDESS: seven numbers in the file name say everything.

Livingstone, Russo (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song.
PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391
"""

import re

from speechsent.corpus.readers.reader import Reader, Told

RULE = (
    "a RAVDESS name is seven two-digit numbers, modality-channel-emotion-intensity-statement-"
    "repetition-actor, as in '03-01-06-01-02-01-12.wav'"
)
# Modality 02 is video without sound.
PATTERN = re.compile(
    r"0[13]-0[12]-(?P<emotion>0[1-8])-(?P<intensity>0[12])-(?P<statement>0[12])-0[12]"
    r"-(?P<actor>0[1-9]|1\d|2[0-4])"
)
EMOTIONS = {
    "01": "neutral", "02": "calm", "03": "happiness", "04": "sadness",
    "05": "anger", "06": "fear", "07": "disgust", "08": "surprise",
}  # fmt: skip
INTENSITIES = {"01": "normal", "02": "strong"}
SENTENCES = {"01": "kids", "02": "dogs"}  # "Kids / Dogs are talking / sitting by the door."


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=found["actor"],
        gender="male" if int(found["actor"]) % 2 else "female",
        sentence=SENTENCES[found["statement"]],
        intensity=INTENSITIES[found["intensity"]],
    )


READER = Reader(name="ravdess", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, read=_read)
