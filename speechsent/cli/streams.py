"""Standard output and error as commands find them: there, and never in the way of a result."""

import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from speechsent.cli.lines import in_one_line
from speechsent.errors import SpeechsentWarning


def ready() -> None:
    """Open what was closed (``>&-``), and let no name be one that cannot be written.

    A closed one would be the next file that is opened, into which C libraries would then write.
    What the encoding of the terminal lacks, such as a file's name that is not UTF-8, is written as
    an escape, which JSON reads back.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def drop() -> None:
    """Write no more to standard output, so that Python does not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def warned_in_lines() -> Iterator[None]:
    """Our own warnings as a line each on standard error, without the place in our code."""

    def show(message: Any, category: type[Warning], *place: Any, **rest: Any) -> None:
        if issubclass(category, SpeechsentWarning):
            print(f"warning: {in_one_line(message)}", file=sys.stderr)
        else:
            former(message, category, *place, **rest)

    former = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = former
