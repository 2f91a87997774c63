"""A parser that guesses what was meant: the nearest command, choice or option."""

import argparse
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn


class Parser(argparse.ArgumentParser):
    """Adds "did you mean" to the errors of argparse; parsers of sub-commands do so as well."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.set_defaults(parser=self)  # of nested parsers, that of the innermost stays

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, or exit with status 2 and the nearest option."""
        parsed, rest = self.parse_known_args(args, namespace)
        if rest:
            parser: Parser = parsed.parser
            parser.error(f"unrecognized arguments: {' '.join(rest)}{_guess_options(parser, rest)}")
        return parsed

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a value that is no choice; Python 3.14 has ``suggest_on_error`` for this."""
        if action.choices is not None and value not in action.choices:
            guess = did_you_mean(str(value), map(str, action.choices))
            known = ", ".join(map(str, action.choices))
            raise argparse.ArgumentError(
                action, f"invalid choice: {value!r}{guess} (choose from {known})"
            )

    def error(self, message: str) -> NoReturn:
        """Print the usage in short, then the message."""
        self.exit(2, f"{self.prog}: {message}\nsee '{self.prog} --help'\n")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest of some words as a question, or nothing.

    Example:
        >>> did_you_mean("trian", ["train", "predict"])
        '; did you mean train?'
    """
    from difflib import get_close_matches  # --help guesses nothing

    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _guess_options(parser: argparse.ArgumentParser, rest: Sequence[str]) -> str:
    """The nearest option to the first word that looks like one."""
    known = [name for action in options(parser) for name in action.option_strings]
    mistyped = next((word.partition("=")[0] for word in rest if word.startswith("-")), None)
    return did_you_mean(mistyped, known) if mistyped else ""


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Options of a parser, in order, without positional arguments."""
    return [action for action in parser._actions if action.option_strings]


def positionals(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Positional arguments of a parser that are not sub-commands."""
    return [a for a in parser._actions if not a.option_strings and a.nargs != argparse.PARSER]


def sub_parsers(
    parser: argparse.ArgumentParser,
) -> dict[str, tuple[argparse.ArgumentParser, str]]:
    """Sub-commands of a parser by name, each with its line of help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            return {name: (sub, helps.get(name, "")) for name, sub in action.choices.items()}
    return {}
