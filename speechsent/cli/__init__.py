"""The ``speechsent`` command: parse, call the library, turn errors into exit codes."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence

from speechsent import __version__
from speechsent.cli import (
    ablate,
    app,
    audit,
    cache,
    completion,
    config,
    corpus,
    doctor,
    evaluate,
    export,
    matrix,
    predict,
    protocols,
    report,
    runs,
    train,
)
from speechsent.cli.lines import in_one_line
from speechsent.cli.parsing import Parser
from speechsent.cli.startup import ready_streams
from speechsent.errors import SpeechsentError
from speechsent.interruption import terminable

COMMANDS = (
    train, evaluate, predict, app, export, ablate, matrix, doctor, audit, corpus, protocols, runs,
    report, config, cache, completion,
)  # fmt: skip


def parser(words: Sequence[str] | None = None) -> Parser:
    """Build the parser of all commands.

    Args:
        words: A command line. Commands that are not in it get no arguments, which saves an eighth
            of the time that help takes; all get theirs if not given.
    """
    root = Parser(
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
        if words is None or command.NAME in words:
            command.add_arguments(sub)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 on success, 1 on our errors, 2 on usage errors (argparse), 128 and the number of the
        signal that ended it.
    """
    ready_streams()
    words = sys.argv[1:] if argv is None else argv
    args = parser(words).parse_args(words)
    try:
        with terminable():
            status: int = args.run(args)
            sys.stdout.flush()
    except SpeechsentError as error:
        _tell(in_one_line(error), error)
        return 1
    except KeyboardInterrupt as error:
        _tell("interrupted", error)
        return 128 + getattr(error, "number", signal.SIGINT)
    except BrokenPipeError:  # the reader, such as `head`, has what it wants
        _let_go()
        return 0
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _let_go()  # standard output may be what is full, and would be written once more
        _tell(f"no room on the disk ({error.strerror}); make room", error)
        return 1
    return status


def _let_go() -> None:
    """Write no more to standard output, not at the end of the process either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tell(what: str, error: BaseException) -> None:
    """What has ended the command, and what can be done now."""
    for line in (what, *getattr(error, "__notes__", ())):
        print(f"speechsent: {line}", file=sys.stderr)
