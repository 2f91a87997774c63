"""Published corpora: a file name says who speaks, and with which emotion."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from speechsent.corpus.readers import builtin, crema_d, emodb, nemo, ravdess, savee, tess
from speechsent.corpus.readers.reader import Reader

__all__ = ["READERS", "Reader", "reader_of", "recognise"]

READERS: tuple[Reader, ...] = (
    ravdess.READER,
    crema_d.READER,
    savee.READER,
    tess.READER,
    emodb.READER,
    nemo.READER,
    builtin.READER,
)


def reader_of(path: Path) -> Reader | None:
    """Return the reader whose rule the file name fits; None if there is none."""
    return next((reader for reader in READERS if reader.matches(path)), None)


def recognise(files: Iterable[Path]) -> Reader | None:
    """Return the reader most files fit; None unless more than half fit some reader."""
    found = [reader_of(path) for path in files]
    fitting = Counter(reader for reader in found if reader is not None)
    if 2 * fitting.total() <= len(found):
        return None
    return fitting.most_common(1)[0][0]
