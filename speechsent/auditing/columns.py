"""What the columns of lists are called, and what their cells tell of a clip."""

import math
from collections.abc import Mapping
from typing import Any

from speechsent.corpus.spelling import composed, name_in

# Our column, and what it may be called; the first that is not empty counts. Case, blanks and
# underscores do not matter: ``Speaker_ID`` is ``speakerid``.
CALLED = {
    "file": (
        *("wav", "path", "file", "filename", "filepath", "audio", "audiofile", "audiopath"),
        *("audiofilepath", "wavfile", "wavpath"),
    ),
    "emotion": ("emo", "emotion", "label"),
    "speaker": ("speaker", "spk", "speakerid", "spkid", "spkrid", "actor", "actorid"),
    "gender": ("gender", "sex"),
    "sentence": ("sentence", "sentenceid"),
    "intensity": ("intensity",),
    "start": ("start",),
    "end": ("end",),
    "split": ("split",),
}
NAMES = ("speaker", "gender", "sentence")
FILES = "wav, path, file, file_name, or audio"  # what a message calls them

Row = dict[str, str]


def names_files(header: list[str]) -> bool:
    """Whether the first row of a table tells in which column the files are."""
    return not set(CALLED["file"]).isdisjoint(map(plain, header))


def plain(name: str) -> str:
    """A column's name without what people write differently.

    Example:
        >>> plain(" Speaker_ID")
        'speakerid'
    """
    return "".join(c for c in name.lower() if c.isalnum())


def named(row: Mapping[str, Any]) -> Row:
    """All our columns as text, under our names; empty where nothing is known, others left out.

    Example:
        >>> row = named({"File_Name": "a.wav", "spk": 7, "arousal": 0.5})
        >>> row["file"], row["speaker"], row["emotion"]
        ('a.wav', '7', '')
    """
    cells = {plain(column): cell for column, cell in row.items()}
    return {
        ours: next((text for name in called if (text := _cell(ours, cells.get(name)))), "")
        for ours, called in CALLED.items()
    }


def _cell(ours: str, cell: object) -> str:
    """A number names no file, but it may name a speaker; and only files are named byte by byte."""
    if ours == "file":
        return cell.strip() if isinstance(cell, str) else ""
    return name_in(_text(cell)) if ours in NAMES else composed(_text(cell))


def _text(cell: object) -> str:
    """A cell as text. Numbers count: many lists number their speakers, some as 1.0."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not math.isfinite(cell):
        return ""
    return str(int(cell) if cell == int(cell) else cell)
