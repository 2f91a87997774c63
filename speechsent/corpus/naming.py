"""The short name of a corpus: it becomes part of run folders and protocols."""

import re
from collections.abc import Sequence
from pathlib import Path

from speechsent.corpus.readers import reader_of


def corpus_name(source: Path, files: Sequence[Path]) -> str:
    """Return the published corpus all files belong to, or else a name made of the source's.

    Args:
        source: The folder or CSV the corpus is read from.
        files: Its audio files.

    Example:
        >>> corpus_name(Path("data/My Clips.csv"), [Path("a.wav")])
        'my-clips'
    """
    readers = {reader.name if reader else None for reader in map(reader_of, files)}
    published = readers.pop() if len(readers) == 1 else None
    return published or _plain(source.resolve().stem) or "corpus"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
