"""TESS: two actresses, one carrier phrase, two hundred words.

Pichora-Fuller, Dupuis (2020). Toronto emotional speech set (TESS). Borealis.
https://doi.org/10.5683/SP2/E8H2MF
"""

import re

from speechsent.corpus.readers.reader import Reader, Told

RULE = "a TESS name is SPEAKER_word_emotion with speaker OAF or YAF, as in 'OAF_back_angry.wav'"
EMOTIONS = {
    "neutral": "neutral", "happy": "happiness", "sad": "sadness", "angry": "anger",
    "fear": "fear", "disgust": "disgust", "ps": "surprise", "pleasant_surprise": "surprise",
    "pleasant_surprised": "surprise",
}  # fmt: skip
# 'OA_bite_neutral.wav' is published without its F; letters differ in case between releases.
PATTERN = re.compile(
    rf"(?P<speaker>OAF?|YAF?)_(?P<word>[a-z]+)_(?P<emotion>{'|'.join(EMOTIONS)})", re.IGNORECASE
)


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=f"{found['speaker'][:2].upper()}F",
        gender="female",
        sentence=found["word"].lower(),
    )


READER = Reader(name="tess", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, read=_read)
