"""The cells of one row as a clip; each column has its rule, and an error tells it."""

import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from unicodedata import normalize

from speechsent.corpus.folder import PART_FOLDERS
from speechsent.corpus.rows import is_number
from speechsent.corpus.spelling import name_in
from speechsent.corpus.table import SURPLUS, Row, too_many
from speechsent.corpus.utterance import UNKNOWN_EMOTION, Part, Utterance
from speechsent.errors import CorpusError
from speechsent.typed import shown

GENDERS = {"f": "female", "m": "male"}


def clip_of(row: Row, folder: Path, root: Path, targets: Sequence[str]) -> Utterance:
    """Read the clip a row describes.

    Args:
        row: A cell for each of our columns and of the targets, empty where nothing is known.
        folder: Where paths start.
        root: The same with all links followed; the clip must lie below.
        targets: Columns of numbers to tell.

    Raises:
        CorpusError: If a cell breaks the rule of its column, or there are more cells than columns.
    """
    if row.get(SURPLUS):
        raise CorpusError(too_many(row))
    if not row["emotion"] and not targets:
        raise CorpusError("emotion is empty")
    start, end = stretch(row)
    return Utterance(
        path=_path(folder, root, row["file"]),
        emotion=row["emotion"] or UNKNOWN_EMOTION,
        speaker=name_in(row["speaker"]) or None,
        gender=gender_in(row["gender"]),
        sentence=name_in(row["sentence"]) or None,
        intensity=row["intensity"] or None,
        start=start,
        end=end,
        part=part(row),
        values=tuple(_value(target, row[target]) for target in targets),
    )


def gender_in(cell: str) -> str | None:
    """A gender, of which one letter is enough; None if it is not known."""
    told = name_in(cell).lower()
    return GENDERS.get(told, told) or None


def _value(column: str, cell: str) -> float:
    value = float(cell) if is_number(cell) else math.nan
    if not math.isfinite(value):
        raise CorpusError(f"{column} is a finite number. Received: {shown(cell)}")
    return value


def _path(folder: Path, root: Path, name: str) -> Path:
    """Where a clip lies; never outside the folder of the CSV, by no link either."""
    if not name:
        raise CorpusError("file is empty")
    relative = PurePosixPath(name)
    if relative.is_absolute() or PureWindowsPath(name).drive or ".." in relative.parts:
        raise CorpusError(f"file is a path below the folder of the CSV. Received: {shown(name)}")
    try:
        path = _as_it_lies_there(folder, relative)
        found = path.is_file()
        inside = not found or path.resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # a name no file can have, or links in a circle
        found = False
    if not found:
        remedy = "; folders are separated by /" if "\\" in name else ""
        raise CorpusError(f"no such file: {shown(name)}{remedy}")
    if not inside:
        raise CorpusError(f"{name!r} is a link out of the folder of the CSV; copy the file there")
    return path


def _as_it_lies_there(folder: Path, relative: PurePosixPath) -> Path:
    """The path with its accents as the file has them, of which macOS writes some in two signs."""
    spellings = (folder / normalize(form, str(relative)) for form in ("NFC", "NFD"))
    path = folder / relative
    return path if path.is_file() else next((s for s in spellings if s.is_file()), path)


def stretch(row: Row) -> tuple[float, float | None]:
    """Start and end of a clip in its file, in seconds; None is the end of the file.

    Raises:
        CorpusError: If they are no such numbers.
    """
    start = _seconds("start", row["start"]) or 0.0
    end = _seconds("end", row["end"])
    if end is not None and start >= end:
        raise CorpusError(f"start must lie before end. Received: start={start}, end={end}")
    return start, end


def _seconds(column: str, cell: str) -> float | None:
    try:
        seconds = float(cell) if cell else None
    except ValueError:
        seconds = math.nan
    if seconds is not None and not 0 <= seconds < math.inf:
        raise CorpusError(f"{column} is a number of seconds from 0. Received: {shown(cell)}")
    return seconds


def part(row: Row) -> Part | None:
    """The part of a split a clip belongs to; None if the table leaves that open.

    Raises:
        CorpusError: If the cell names no part.
    """
    cell = row["split"].lower()
    if cell and cell not in PART_FOLDERS:
        raise CorpusError(
            f"split is one of {', '.join(PART_FOLDERS)}; rename the column if it tells "
            f"something else. Received: {shown(row['split'])}"
        )
    return PART_FOLDERS.get(cell)
