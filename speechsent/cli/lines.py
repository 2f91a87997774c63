"""Lines for a terminal."""

import sys
from collections.abc import Iterable, Sequence


def print_csv(rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV that is read back as what they were."""
    from speechsent.csv_rows import row_writer  # --help can do without

    row_writer(sys.stdout).writerows(rows)


def in_one_line(told: object) -> str:
    r"""A message, in which nothing that a file is called can move the cursor.

    Example:
        >>> in_one_line(ValueError("a" + chr(10) + "b"))
        'a\\nb'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(told))
