"""The documentation is whole: every link leads somewhere, and nothing public is left out."""

import argparse
import doctest
import html
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import speechsent
from speechsent.cli import parser

ROOT = Path(__file__).parents[2]
LOADED = re.compile(r'<(?:script|img|iframe|source|audio|video)\b[^>]*\ssrc="?([^"\s>]+)')
LINKED = re.compile(r"<link\b[^>]*>")
IMPORTED = re.compile(r"""(?:url\(|@import\s)\s*["']?(?:https?:)?//[^)"']+""")


PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def script(name: str) -> ModuleType:
    """One of the scripts that make the documentation."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it; any warning is an error."""
    for module in ("mkdocs", "material", "mkdocstrings_handlers.python"):
        pytest.importorskip(module, reason="needs the extra [docs]")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def text(site: Path, page: str) -> str:
    return (site / page).read_text(encoding="utf-8")


def test_no_page_loads_anything_from_elsewhere(site):
    for page in site.rglob("*.html"):
        content = page.read_text(encoding="utf-8")
        fetched = LOADED.findall(content) + LINKED.findall(content)
        assert not [what for what in fetched if "//" in what], page
    for sheet in site.rglob("*.css"):
        assert not IMPORTED.findall(sheet.read_text(encoding="utf-8")), sheet


def test_every_public_name_has_its_place_in_the_reference(site):
    pages = "".join(page.read_text() for page in (site / "reference").glob("*.html"))
    names = set(speechsent.__all__) - {"__version__"}
    assert [name for name in sorted(names) if f'id="speechsent.{name}"' not in pages] == []


def test_doctests_of_docstrings_are_shown_as_code(site):
    """One not recognised as an example would become quotations."""
    assert "<blockquote>" not in text(site, "reference/evaluation.html")
    assert "wilson" in text(site, "reference/evaluation.html")


def test_every_command_and_option_is_in_the_page_of_commands(site):
    page = html.unescape(text(site, "reference/command-line.html"))
    for words, options in commands(parser()):
        assert f">{' '.join(words)}<" in page
        for option in options:
            assert option in page, (words, option)


def commands(
    of: argparse.ArgumentParser, words: tuple[str, ...] = ("speechsent",)
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Every command with its options, read off the parser and not off its help."""
    yield words, [name for action in of._actions for name in action.option_strings]
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from commands(sub, (*words, name))


def test_files_beside_the_documentation_come_along(site):
    assert (site / "repository" / "examples" / "onnx_minimal.py").is_file()
    assert "repository/examples/onnx_minimal.py" in text(site, "export.html")
    assert "changelog" in text(site, "repository/CHANGELOG.html").lower()


def test_scripts_that_make_the_documentation_do_what_their_examples_say():
    result = doctest.testmod(script("outside"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    """Also where the site cannot be built."""
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    written_later = {(ROOT / "docs" / script("commands").PAGE).resolve()}
    left = [(page.parent / target).resolve() for target in targets]
    assert [place for place in left if not place.exists() and place not in written_later] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_can_be_typed(page):
    """Every option of every command that is shown exists; what stands behind two spaces is told."""
    for command in shown(page.read_text(encoding="utf-8")):
        program, *words = shlex.split(command)
        assert program == "speechsent"
        parser().parse_args(words)


def shown(markdown: str) -> Iterator[str]:
    """Commands in the fenced blocks of a page, without what is said about them."""
    for language, block in BLOCK.findall(markdown):
        for line in block.splitlines() if language in ("", "sh") else ():
            if line.startswith("speechsent ") and " | " not in line:
                yield re.split(r"\s{2,}|\s[#>] |; ", line)[0]


def test_commands_are_found_in_pages():
    assert sum(len(list(shown(page.read_text(encoding="utf-8")))) for page in PAGES) > 80
