"""The built-in corpus: names of the clips which ``speechsent.corpus.synthetic`` makes."""

import re
from pathlib import Path

from speechsent.corpus.labels import CANONICAL
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

NAME = "builtin"
RULE = "a built-in name is syn-SPEAKER-emotion-sSENTENCE-TAKE, as in 'syn-f03-anger-s2-1.wav'"
EMOTIONS = {name: name for name in CANONICAL}
GENDERS = {"f": "female", "m": "male"}

_NAME = re.compile(
    rf"syn-(?P<speaker>[fm]\d\d)-(?P<emotion>{'|'.join(EMOTIONS)})-(?P<sentence>s\d+)-\d+"
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
        gender=GENDERS[found["speaker"][0]],
        sentence=found["sentence"],
    )
