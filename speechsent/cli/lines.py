"""Lines for a terminal."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any


def print_csv(rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV that is read back as what they were."""
    from speechsent.csv_rows import row_writer  # --help can do without

    row_writer(sys.stdout).writerows(rows)


def print_lines(text: str) -> None:
    """Print lines, in which nothing that a file or a speaker is called can move the cursor."""
    print("\n".join(map(in_one_line, text.split("\n"))))


def as_json(told: object) -> str:
    """A result as JSON; data classes become objects, and paths text."""
    import json  # --help can do without

    return json.dumps(told, indent=2, ensure_ascii=False, default=_plain)


def in_one_line(told: object) -> str:
    r"""A message, in which nothing that a file is called can move the cursor.

    Example:
        >>> in_one_line(ValueError("a" + chr(10) + "b"))
        'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(told))


def _plain(value: Any) -> Any:
    from dataclasses import asdict, is_dataclass

    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
