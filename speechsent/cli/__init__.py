"""The ``speechsent`` command: parse, call the library, turn errors into exit codes."""

import argparse
import errno
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
    streams,
    train,
)
from speechsent.cli.lines import in_one_line
from speechsent.cli.parsing import Parser
from speechsent.errors import SpeechsentError
from speechsent.interruption import terminable

COMMANDS = (
    train, evaluate, predict, app, export, ablate, matrix, doctor, audit, corpus, protocols, runs,
    report, config, cache, completion,
)  # fmt: skip


OUT_OF_REACH = (errno.EACCES, errno.ENAMETOOLONG)  # already of asking whether a place is there


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
    streams.ready()
    words = sys.argv[1:] if argv is None else argv
    args = parser(words).parse_args(words)
    try:
        with terminable(), streams.warned_in_lines():
            status: int = args.run(args)
            sys.stdout.flush()
    except SpeechsentError as error:
        _tell(in_one_line(error), error)
        return 1
    except KeyboardInterrupt as error:
        _tell("interrupted", error)
        return 128 + getattr(error, "number", signal.SIGINT)
    except BrokenPipeError:  # the reader, such as `head`, has what it wants
        streams.drop()
        return 0
    except OSError as error:
        from speechsent.writing import FULL  # --help can do without

        if error.errno in OUT_OF_REACH and error.filename is not None:
            what = f"{error.filename}: cannot be reached ({error.strerror})"
            _tell(in_one_line(f"{what}; allow it, or name another"), error)
            return 1
        if error.errno not in FULL:
            raise
        streams.drop()
        _tell(f"no room for standard output or a temporary file ({error.strerror})", error)
        return 1
    return status


def _tell(what: str, error: BaseException) -> None:
    """What has ended the command, and what can be done now."""
    for line in (what, *getattr(error, "__notes__", ())):
        print(f"speechsent: {line}", file=sys.stderr)
