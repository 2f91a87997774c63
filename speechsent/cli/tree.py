"""What can be typed where, read off the parsers: the matter of a completion script."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from speechsent.cli.parsing import options, positionals, sub_parsers

FILES = "files"
NOTHING = "nothing"
Value = tuple[str, ...] | str  # words to choose from, FILES, or NOTHING


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option as it is typed.

    Args:
        names: Its spellings, such as ``("-h", "--help")``.
        help: What it does, in a line.
        value: What follows it; None for a switch.
    """

    names: tuple[str, ...]
    help: str
    value: Value | None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A command, and what can follow it.

    Args:
        path: The words typed so far, such as ``("speechsent", "corpus")``.
        commands: Sub-commands with a line of help each.
        options: Its options.
        value: What its positional arguments are.
    """

    path: tuple[str, ...]
    commands: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[Option] = ()
    value: Value = NOTHING


def places(
    parser: argparse.ArgumentParser,
    known: Mapping[str, Value],
    path: tuple[str, ...] = ("speechsent",),
) -> Iterator[Place]:
    """Every command below a parser, itself first.

    Args:
        parser: The parser.
        known: What follows an option (``"--protocol"``) or a command (``"corpus fetch"``) that its
            parser does not tell.
        path: How the parser is reached.
    """
    below = sub_parsers(parser)
    default = FILES if positionals(parser) else NOTHING
    yield Place(
        path=path,
        commands={name: _line(text) for name, (_, text) in below.items()},
        options=[_option(action, known) for action in options(parser)],
        value=known.get(" ".join(path[1:]), default),
    )
    for name, (sub, _) in below.items():
        yield from places(sub, known, (*path, name))


def _option(action: argparse.Action, known: Mapping[str, Value]) -> Option:
    return Option(
        names=tuple(action.option_strings),
        help=_line(action.help),
        value=None if action.nargs == 0 else _value(action, known),
    )


def _value(action: argparse.Action, known: Mapping[str, Value]) -> Value:
    if action.choices is not None:
        return tuple(map(str, action.choices))
    return known.get(action.option_strings[-1], FILES if action.type is Path else NOTHING)


def _line(text: str | None) -> str:
    """A help text in a line, without the default that argparse would fill in."""
    return " ".join((text or "").split("(default")[0].split())
