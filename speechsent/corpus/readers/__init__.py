"""Published corpora: a file name says who speaks, and with which emotion.

A reader is a module with a name, a rule for file names, ``matches`` and ``parse``.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from speechsent.corpus.readers import builtin, crema_d, emodb, nemo, ravdess, savee, tess
from speechsent.corpus.utterance import Utterance


class Reader(Protocol):
    """What each module of this package offers.

    Attributes:
        NAME: Name of the corpus, as in ``Corpus.name`` and before the slash of a speaker.
        RULE: How its files are named, in one sentence with an example.
        EMOTIONS: Codes in file names, and the canonical emotions they stand for.
    """

    NAME: str
    RULE: str
    EMOTIONS: dict[str, str]

    def matches(self, path: Path) -> bool:
        """Tell whether the file is named as the rule says."""
        ...

    def parse(self, path: Path) -> Utterance:
        """Read the utterance off the file name; CorpusError if the rule is broken."""
        ...


READERS: tuple[Reader, ...] = (ravdess, crema_d, savee, tess, emodb, nemo, builtin)


def reader_of(path: Path) -> Reader | None:
    """Return the reader whose rule the file name fits; None if there is none."""
    return next((reader for reader in READERS if reader.matches(path)), None)


def recognise(files: Iterable[Path]) -> Reader | None:
    """Return the reader most files fit; None unless more than half fit some reader."""
    found = [reader_of(path) for path in files]
    fitting = Counter(reader.NAME for reader in found if reader is not None)
    if 2 * fitting.total() <= len(found):
        return None
    name = fitting.most_common(1)[0][0]
    return next(reader for reader in READERS if name == reader.NAME)
