"""The built-in corpus: names of the clips which ``speechsent.corpus.synthetic`` makes."""

import re

from speechsent.corpus.labels import CANONICAL
from speechsent.corpus.readers.reader import Reader, Told

RULE = "a built-in name is syn-SPEAKER-emotion-sSENTENCE-TAKE, as in 'syn-f03-anger-s2-1.wav'"
EMOTIONS = {name: name for name in CANONICAL}
GENDERS = {"f": "female", "m": "male"}
PATTERN = re.compile(
    rf"syn-(?P<speaker>[fm]\d{{2,}})-(?P<emotion>{'|'.join(EMOTIONS)})-(?P<sentence>s\d+)-\d+"
)


def _read(found: re.Match[str]) -> Told:
    return Told(
        speaker=found["speaker"],
        gender=GENDERS[found["speaker"][0]],
        sentence=found["sentence"],
    )


READER = Reader(name="builtin", rule=RULE, emotions=EMOTIONS, pattern=PATTERN, read=_read)
