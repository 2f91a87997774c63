"""The rows of a manifest as they stand in the file: columns checked, cells as text."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from speechsent.corpus.table import Row, read_table
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


def read_rows(path: Path, targets: Sequence[str]) -> list[tuple[int, Row]]:
    """Read each row with the number of the line it ends on; line 1 names the columns.

    Args:
        path: The CSV.
        targets: Columns of numbers to tell; with them no emotion is needed.

    Raises:
        CorpusError: If it is no CSV in UTF-8, or its columns are wrong.
    """
    columns, lines = read_table(path, (*COLUMNS, *targets))
    rows = list(lines)
    numeric = _numeric(columns, [row for _, row in rows]) if targets else []
    _check_columns(path, columns, targets, numeric)
    return rows


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
    if unknown:
        raise CorpusError(
            f"{path}: columns are {', '.join((*COLUMNS, *targets))}, each once. "
            f"Received: {some(unknown)}{_unnamed(columns) or _hint(targets)}"
        )


def _unnamed(columns: Sequence[str]) -> str:
    """What a column without a name mostly is."""
    index = ". One is without a name; an index is left out by DataFrame.to_csv(..., index=False)"
    return index if "" in columns else ""


def _hint(targets: Sequence[str]) -> str:
    if targets:
        return ""
    return ". Columns of numbers to tell instead of emotions go with train --target"
