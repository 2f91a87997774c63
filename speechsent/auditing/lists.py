"""Published split files: lists of file names, with or without emotion and speaker."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from speechsent.corpus.inspect import UNKNOWN
from speechsent.corpus.labels import canonical
from speechsent.corpus.problems import corpus_error
from speechsent.corpus.readers import reader_of
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError

LIST_SUFFIXES = frozenset({".jsonl", ".json", ".csv", ".txt"})
FILE_KEYS = ("wav", "path", "file", "filename")
EMOTION_KEYS = ("emo", "emotion", "label")
SPEAKER_KEYS = ("speaker", "spk")

Row = Mapping[str, Any]


def read_list(path: Path, folder: Path) -> tuple[Utterance, ...]:
    """Read the clips a list names; the files themselves need not be there.

    Speaker, sentence and intensity are read from file names which fit a published corpus.
    ``.jsonl`` and ``.json`` hold an object a clip, one a line or as one list; ``.csv`` has
    columns, or names in its first; ``.txt`` has a name a line. File names are found under
    ``wav``, ``path``, ``file`` or ``filename``; emotions under ``emo``, ``emotion`` or ``label``;
    speakers under ``speaker`` or ``spk``.

    Args:
        path: The list.
        folder: Where its relative file names start.

    Raises:
        CorpusError: If it cannot be read, is empty, or a row names no file.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(_rows(path, text))
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise CorpusError(f"{path}: not readable as a list of clips ({error})") from error
    nameless = [f"row {i} names no file" for i, row in enumerate(rows, 1) if not _file(row)]
    if nameless:
        raise corpus_error(f"{path}: a file stands under {', '.join(FILE_KEYS)}", nameless)
    if not rows:
        raise CorpusError(f"{path}: empty: no row names a clip")
    return tuple(_utterance(row, folder) for row in rows)


def _rows(path: Path, text: str) -> Iterable[Row]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if path.suffix.lower() == ".txt":
        return [{"file": line} for line in lines]
    if path.suffix.lower() == ".csv":
        return _csv_rows(lines)
    found = json.loads(text) if text.lstrip().startswith("[") else [json.loads(li) for li in lines]
    return [row if isinstance(row, Mapping) else {"file": row} for row in found]


def _csv_rows(lines: list[str]) -> Iterable[Row]:
    """Rows by column; without a header that names the files, the first cells are the files."""
    table = list(csv.reader(lines, skipinitialspace=True))
    header = [cell.strip().lower() for cell in table[0]] if table else []
    if not set(FILE_KEYS).intersection(header):
        return [{"file": cells[0]} for cells in table]
    return [dict(zip(header, cells, strict=False)) for cells in table[1:]]


def _file(row: Row) -> str | None:
    return _first(row, FILE_KEYS)


def _first(row: Row, keys: Iterable[str]) -> str | None:
    """The first text under one of the keys; None if there is none."""
    values = (row.get(key) for key in keys)
    return next(
        (value.strip() for value in values if isinstance(value, str) and value.strip()), None
    )


def _utterance(row: Row, folder: Path) -> Utterance:
    """A list's own word for the emotion counts; the file name knows the speaker best."""
    path = folder / PureWindowsPath(_file(row) or "").as_posix()
    given = _first(row, EMOTION_KEYS)
    reader = reader_of(path)
    if reader is None:
        emotion = canonical(given or "") or given or UNKNOWN
        return Utterance(path=path, emotion=emotion, speaker=_first(row, SPEAKER_KEYS))
    told = reader.parse(path)
    return Utterance(
        path=path,
        emotion=canonical(given or "") or told.emotion,
        speaker=told.speaker,
        gender=told.gender,
        sentence=told.sentence,
        intensity=told.intensity,
    )
