"""The ``speechsent`` command: parse, call the library, turn errors into exit codes."""

import argparse
import os
import sys
from collections.abc import Sequence

from speechsent import __version__
from speechsent.cli import (
    ablate,
    audit,
    cache,
    corpus,
    doctor,
    evaluate,
    matrix,
    predict,
    protocols,
    runs,
    train,
)
from speechsent.errors import SpeechsentError

COMMANDS = (train, evaluate, predict, ablate, matrix, doctor, audit, corpus, protocols, runs, cache)


def parser() -> argparse.ArgumentParser:
    """Build the parser of all commands."""
    root = argparse.ArgumentParser(
        prog="speechsent",
        description="Train and judge speech-emotion recognisers.",
        epilog="'speechsent COMMAND --help' shows the options of a command, with examples.",
    )
    root.add_argument("--version", action="version", version=f"speechsent {__version__}")
    commands = root.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.NAME,
            help=command.HELP,
            description=command.HELP[0].upper() + command.HELP[1:] + ".",
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(sub)
    return root


def in_one_line(error: Exception) -> str:
    r"""The message, in which nothing that a file is called can move the cursor.

    Example:
        >>> in_one_line(ValueError("a" + chr(10) + "b"))
        'a\\nb'
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(error)
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 on success, 1 on our errors, 2 on usage errors (argparse)."""
    args = parser().parse_args(argv)
    try:
        status: int = args.run(args)
        sys.stdout.flush()
    except SpeechsentError as error:
        print(f"speechsent: {in_one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("speechsent: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has what it wants
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status
