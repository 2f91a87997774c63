"""nEMO: nine actors, ninety Polish sentences, six emotions.

Christop (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024.
https://arxiv.org/abs/2404.06292, https://github.com/amu-cai/nEMO
"""

import re

from speechsent.corpus.readers.reader import Reader, Told

RULE = "a nEMO name is SPEAKER_emotion_sentence, as in 'WR0_surprised_64.wav'"
EMOTIONS = {
    "neutral": "neutral", "happiness": "happiness", "sadness": "sadness",
    "anger": "anger", "fear": "fear", "surprised": "surprise",
}  # fmt: skip
# Columns "speaker_id" and "gender" of the published data.tsv.
GENDERS = {
    "EB0": "female", "IC0": "female", "KD0": "female", "MK0": "female",
    "KS0": "male", "MP0": "male", "SM0": "male", "TP0": "male", "WR0": "male",
}  # fmt: skip
PATTERN = re.compile(
    rf"(?P<speaker>{'|'.join(GENDERS)})_(?P<emotion>{'|'.join(EMOTIONS)})_(?P<sentence>\d{{1,2}})"
)


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=found["speaker"],
        gender=GENDERS[found["speaker"]],
        sentence=found["sentence"],
    )


READER = Reader(name="nemo", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, read=_read)
