"""Rows of CSV that are read back as what they were, whatever a cell holds."""

import csv
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _csv import Writer


class Sink(Protocol):
    """What can be written to: a file, or a stream in memory."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""


class _Lines:
    """Ends each row with a line feed alone."""

    def __init__(self, sink: Sink) -> None:
        """Write to a sink."""
        self.sink = sink

    def write(self, row: str, /) -> object:
        """Take a row."""
        return self.sink.write(f"{row.removesuffix(ENDING)}\n")


ENDING = "\r\n"


def row_writer(sink: Sink) -> "Writer":
    r"""A ``csv.writer`` whose lines end with a line feed.

    Up to Python 3.12 a cell is quoted only for characters of its own line ending, so with a line
    feed alone a carriage return, which file names may have, would end the row when it is read.

    Args:
        sink: A file opened with ``newline=""``, or a stream in memory.

    Example:
        >>> import io
        >>> text = io.StringIO()
        >>> _ = row_writer(text).writerow(["a\rb", 1])
        >>> text.getvalue()
        '"a\rb",1\n'
    """
    return csv.writer(_Lines(sink), lineterminator=ENDING)
