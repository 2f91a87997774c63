"""The rows of a manifest as they stand in the file: columns checked, cells as text."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from speechsent.errors import CorpusError, some

REQUIRED = ("file", "emotion")
COLUMNS = (
    "file",
    "speaker",
    "emotion",
    "gender",
    "sentence",
    "intensity",
    "start",
    "end",
    "split",
)

Row = dict[str, str]


def read_rows(path: Path, targets: Sequence[str]) -> list[tuple[int, Row]]:
    """Read each row with the number of the line it ends on; line 1 names the columns.

    Args:
        path: The CSV.
        targets: Columns of numbers to tell; with them no emotion is needed.

    Raises:
        CorpusError: If it is no CSV in UTF-8, or its columns are wrong.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), skipinitialspace=True)
    try:
        columns = [column.strip() for column in reader.fieldnames or ()]
        reader.fieldnames = columns
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise CorpusError(f"{path}: row {reader.reader.line_num}: not CSV ({error})") from error
    numeric = _numeric(columns, [row for _, row in rows]) if targets else []
    _check_columns(path, columns, targets, numeric)
    return [(number, _cells(row, (*COLUMNS, *targets))) for number, row in rows]


def _text(path: Path) -> str:
    """The file as text; any byte order mark is left out."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{path}: row {number}: not UTF-8 text ({error.reason}); save it as UTF-8"
        ) from error


def _numeric(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Columns of numbers, with or without gaps: targets of other trainings."""
    return [c for c in columns if all(is_number(row[c]) for row in rows if row[c])]


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number, of whatever kind."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_columns(
    path: Path, columns: Sequence[str], targets: Sequence[str], numeric: Sequence[str]
) -> None:
    required = ("file", *targets) if targets else REQUIRED
    missing = [column for column in required if column not in columns]
    unknown = [repr(c) for c in columns if c not in (*COLUMNS, *targets, *numeric)]
    if missing:
        raise CorpusError(
            f"{path}: the first row must name the columns; missing: {some(missing)}{_hint(targets)}"
        )
    if unknown or len(set(columns)) < len(columns):
        raise CorpusError(
            f"{path}: columns are {', '.join((*COLUMNS, *targets))}, each once. "
            f"Received: {some(unknown or columns)}{_hint(targets)}"
        )


def _hint(targets: Sequence[str]) -> str:
    if targets:
        return ""
    return ". Columns of numbers to tell instead of emotions go with train --target"


def _cells(row: Mapping[str | None, str | list[str] | None], columns: Sequence[str]) -> Row:
    """Cells by column, stripped; cells beyond the last column are kept under an empty name."""
    surplus = row.get(None)
    cells = {c: row.get(c) or "" for c in columns}
    plain = {column: str(cell).strip() for column, cell in cells.items()}
    return plain | {"": ",".join(surplus)} if isinstance(surplus, list) else plain
