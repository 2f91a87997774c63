"""CREMA-D: actor, sentence, emotion and level in the file name.

Cao, Cooper, Keutmann, Gur, Nenkova, Verma (2014). CREMA-D: Crowd-sourced Emotional Multimodal
Actors Dataset. IEEE Transactions on Affective Computing 5(4).
https://doi.org/10.1109/TAFFC.2014.2336244
"""

import re

from speechsent.corpus.readers.reader import Reader, Told

RULE = "a CREMA-D name is ACTOR_SENTENCE_EMOTION_LEVEL, as in '1001_DFA_ANG_XX.wav'"
PATTERN = re.compile(
    r"(?P<actor>10[0-8]\d|109[01])_(?P<sentence>[A-Z]{3})"
    r"_(?P<emotion>NEU|HAP|SAD|ANG|FEA|DIS)_(?P<level>LO|MD|HI|XX?)"
)
EMOTIONS = {
    "neu": "neutral", "hap": "happiness", "sad": "sadness",
    "ang": "anger", "fea": "fear", "dis": "disgust",
}  # fmt: skip
# XX means that no level was asked for; '1040_ITH_SAD_X.wav' is published with one X.
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": None, "X": None}
# Column "Sex" of VideoDemographics.csv, https://github.com/CheyneyComputerScience/CREMA-D
FEMALE = (
    "1002 1003 1004 1006 1007 1008 1009 1010 1012 1013 1018 1020 1021 1024 1025 1028 1029 1030 "
    "1037 1043 1046 1047 1049 1052 1053 1054 1055 1056 1058 1060 1061 1063 1072 1073 1074 1075 "
    "1076 1078 1079 1082 1084 1089 1091"
)


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=found["actor"],
        gender="female" if found["actor"] in FEMALE else "male",
        sentence=found["sentence"],
        intensity=LEVELS[found["level"]],
    )


READER = Reader(name="crema-d", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, read=_read)
