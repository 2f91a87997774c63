"""``speechsent completion``: a script by which the shell completes commands and options."""

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from speechsent.cli.tree import Value

NAME = "completion"
HELP = "print a script for bash, zsh or fish that completes commands, options and values"
EXAMPLES = """\
examples:
  eval "$(speechsent completion bash)"                                in ~/.bashrc
  eval "$(speechsent completion zsh)"                                 in ~/.zshrc, after compinit
  speechsent completion fish > ~/.config/fish/completions/speechsent.fish"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    from speechsent.cli.shells import SHELLS

    parser.add_argument("shell", choices=tuple(SHELLS), metavar="SHELL", help=", ".join(SHELLS))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from speechsent.cli import parser
    from speechsent.cli.shells import SHELLS
    from speechsent.cli.tree import places

    print(SHELLS[args.shell](list(places(parser(), _known()))), end="")
    return 0


def _known() -> "Mapping[str, Value]":
    """What the parsers do not tell: names that are data, and texts that may be paths."""
    from speechsent.cli.shells import SHELLS
    from speechsent.cli.tree import FILES
    from speechsent.corpus.fetch import sources
    from speechsent.corpus.merging import MAPS
    from speechsent.corpus.named import protocol_names

    return {
        "completion": tuple(SHELLS),
        "corpus fetch": tuple(sources()),
        "protocols show": protocol_names(),
        "--protocol": protocol_names(),
        "--merge": tuple(MAPS),
        "--weights": FILES,
    }
