"""The page of all commands, written by their parsers when the site is built."""

import argparse
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from speechsent.cli import parser
from speechsent.cli.parsing import sub_parsers

PAGE = "reference/command-line.md"
WIDTH = "100"
HEAD = "# Command line\n\nWhat each command says to `--help`.\n"


def on_files(files: Any, config: Any) -> Any:
    """Add the page to the site; MkDocs calls this."""
    from mkdocs.structure.files import File

    files.append(File.generated(config, PAGE, content=page()))
    return files


def page() -> str:
    """The page as Markdown: a heading and the help of every command."""
    with patch.dict(os.environ, COLUMNS=WIDTH):
        return HEAD + "".join(_sections("speechsent", parser()))


def _sections(command: str, of: argparse.ArgumentParser, level: int = 2) -> Iterator[str]:
    yield f"\n{'#' * level} {command}\n\n```text\n{of.format_help().rstrip()}\n```\n"
    below = 2 if command == "speechsent" else level + 1
    for name, (sub, _) in sub_parsers(of).items():
        yield from _sections(f"{command} {name}", sub, below)
