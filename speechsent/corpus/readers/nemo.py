"""nEMO: nine actors, ninety Polish sentences, six emotions.

Christop (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024.
https://arxiv.org/abs/2404.06292, https://github.com/amu-cai/nEMO
"""

import re
from pathlib import Path

from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

NAME = "nemo"
RULE = "a nEMO name is SPEAKER_emotion_sentence, as in 'WR0_surprised_64.wav'"
EMOTIONS = {
    "neutral": "neutral",
    "happiness": "happiness",
    "sadness": "sadness",
    "anger": "anger",
    "fear": "fear",
    "surprised": "surprise",
}
# Columns "speaker_id" and "gender" of the published data.tsv.
GENDERS = {
    "EB0": "female",
    "IC0": "female",
    "KD0": "female",
    "MK0": "female",
    "KS0": "male",
    "MP0": "male",
    "SM0": "male",
    "TP0": "male",
    "WR0": "male",
}

_NAME = re.compile(
    rf"(?P<speaker>{'|'.join(GENDERS)})_(?P<emotion>{'|'.join(EMOTIONS)})_(?P<sentence>\d{{1,2}})"
)


def matches(path: Path) -> bool:
    """Tell whether the file is named as the rule says."""
    return _NAME.fullmatch(path.stem) is not None


def parse(path: Path) -> Utterance:
    """Read speaker, emotion and sentence off the file name.

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
        gender=GENDERS[found["speaker"]],
        sentence=found["sentence"],
    )
