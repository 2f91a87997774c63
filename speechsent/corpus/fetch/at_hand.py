"""Which published corpora are on this disk already."""

import os
from collections.abc import Iterator
from pathlib import Path

from speechsent.corpus.folder import AUDIO_SUFFIXES
from speechsent.corpus.readers import reader_of

RECORD = "speechsent-source.json"  # what a fetched folder says about itself


def at_hand(name: str, root: Path) -> Path | None:
    """The folder of a corpus, if ``root`` has one with its name and a clip of it inside."""
    folder = root / name
    return folder if any(_clips(name, folder)) else None


def count_clips(name: str, folder: Path) -> int:
    """How many audio files are named as the corpus names its clips."""
    return sum(1 for _ in _clips(name, folder))


def _clips(name: str, folder: Path) -> Iterator[Path]:
    for place, _, files in os.walk(folder):
        for file in files:
            path = Path(place, file)
            reader = reader_of(path) if path.suffix.lower() in AUDIO_SUFFIXES else None
            if reader is not None and reader.name == name:
                yield path
