"""Standard output and error as commands find them: there, and never in the way of a result."""

import codecs
import io
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from speechsent.cli.lines import in_one_line
from speechsent.errors import SpeechsentWarning

ESCAPED = "speechsent.escaped"  # how characters are written that an encoding lacks
STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def ready() -> None:
    """Open what was closed (``>&-``), and let no name be one that cannot be written.

    A closed one would be the next file that is opened, into which C libraries would then write.
    What the encoding of the terminal lacks, such as a file's name that is not UTF-8, is written as
    an escape, which JSON reads back.
    """
    for number, (name, mode) in enumerate(STREAMS):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    codecs.register_error(ESCAPED, _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=ESCAPED)


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


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""What cannot be encoded, as ``\uXXXX``, which also JSON reads."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4)), error.end
