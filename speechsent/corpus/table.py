"""A CSV as all readers of tables take it: named columns, and rows of cells as text."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from speechsent.errors import CorpusError, some
from speechsent.typed import shown

Row = dict[str, str]
SURPLUS = "\n"  # a row keeps cells beyond the last column under this, which names no column
SEPARATORS = {";": "semicolons", "\t": "tabs"}


def read_table(
    path: Path, known: Collection[str] = ()
) -> tuple[list[str], Iterator[tuple[int, Row]]]:
    """Read the names of the columns, and then row by row.

    Args:
        path: The CSV, UTF-8 with or without a byte order mark.
        known: Names of columns that count in any case.

    Returns:
        The columns; and each row with the number of the line it ends on, its cells stripped. Line 1
        names the columns.

    Raises:
        CorpusError: If it is no CSV in UTF-8 with commas, or a column is named twice.
    """
    lines = read_lines(path)
    _, header = next(lines, (1, []))
    while header and not header[-1]:  # as spreadsheets leave it
        header.pop()
    _check_separator(path, header)
    columns = column_names(header, known, f"{path}: row 1")
    return columns, ((number, _row(columns, cells)) for number, cells in lines)


def read_text(path: Path) -> str:
    """A file as text; any byte order mark is left out.

    Raises:
        CorpusError: If it cannot be read, or is not UTF-8.
    """
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


def column_names(names: Sequence[str], known: Collection[str], where: str) -> list[str]:
    """Names of columns as we spell them, each once.

    Args:
        names: The names as they are written.
        known: Names that count in any case; other names stay as they are.
        where: The file and row, for the message.

    Raises:
        CorpusError: If a column is named twice.

    Example:
        >>> column_names(["File", "Note"], known=("file", "emotion"), where="clips.csv: row 1")
        ['file', 'Note']
    """
    ours = {name.lower(): name for name in known}
    columns = [name if name in known else ours.get(name.lower(), name) for name in names]
    twice = [name for name, n in Counter(filter(None, columns)).items() if n > 1]
    if twice:
        raise CorpusError(
            f"{where}: {some(twice)} is there more than once; columns are named, each once. "
            f"Received: {some(names)}"
        )
    return columns


def too_many(row: Row) -> str:
    """What is wrong with a row that has more cells than columns."""
    return (
        f"more cells than columns. Received: {shown(row[SURPLUS])} at the end; "
        "put a cell with a comma in it into quotation marks"
    )


def read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Cells of each line that is not blank, stripped, and the number of the line it ends on.

    Raises:
        CorpusError: If it is no CSV in UTF-8.
    """
    text = io.StringIO(read_text(path), newline="")
    # Without ``strict`` a quotation mark left open takes all further rows into its cell.
    reader = csv.reader(text, skipinitialspace=True, strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield reader.line_num, [cell.strip() for cell in cells]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CorpusError(
            f"{path}: row {begins}: not CSV ({error}); quotation marks stand around a whole cell, "
            "one on either side, and twice within it"
        ) from error


def _check_separator(path: Path, header: Sequence[str]) -> None:
    """A list of clips has two columns at least, so a single name with marks in it is several."""
    found = [name for mark, name in SEPARATORS.items() if len(header) == 1 and mark in header[0]]
    if found:
        raise CorpusError(f"{path}: columns are separated by {found[0]}; separate by commas")


def _row(columns: Sequence[str], cells: Sequence[str]) -> Row:
    row = dict(zip_longest(columns, cells[: len(columns)], fillvalue=""))
    beyond = cells[len(columns) :]
    return row | {SURPLUS: ",".join(beyond) if any(beyond) else ""}
