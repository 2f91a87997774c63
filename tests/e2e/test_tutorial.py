"""The tutorial is run from top to bottom: each command of it, and what it says they print."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from speechsent.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALLING = ("python3 -m venv", "source ", "pip install")
LEFT_OUT = "…"


def blocks() -> list[tuple[str, str, str]]:
    """Language, title and text of every fenced block of the page."""
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def alike(line: str) -> str:
    """A line without what may differ between machines: scores, seconds, and the width of gaps."""
    return " ".join(re.sub(r"\d+\.\d+", "0.0", line).split())


def shows(line: str, printed: list[str]) -> bool:
    """Whether a line of the page was printed; `…` stands for anything."""
    pattern = re.compile(re.escape(alike(line)).replace(LEFT_OUT, ".*"))
    return any(pattern.fullmatch(other) for other in printed)


def words(command: str) -> list[str]:
    """A command as the shell would hand it over: with its patterns filled in."""
    return [word for text in shlex.split(command, comments=True) for word in filled(text)]


def filled(word: str) -> Iterator[str]:
    yield from sorted(map(str, Path().glob(word))) if "*" in word else [word]


@pytest.mark.slow
@pytest.mark.timeout(1800)  # ten commands on two cores, perhaps beside other work
def test_the_tutorial_does_what_it_says(tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnxruntime", reason="needs the extra [onnx]")
    monkeypatch.chdir(tmp_path)
    printed: list[str] = []
    for language, title, block in blocks():
        if title:
            Path(title).write_text(block, encoding="utf-8")
        elif language == "sh":
            printed = []
            for command in block.splitlines():
                if not command.startswith(INSTALLING):
                    printed += run(command, capsys)
        elif language == "text":
            missing = [line for line in block.splitlines() if not shows(line, printed)]
            assert not missing, "\n".join([*missing, "was not printed; this was:", *printed])


def run(command: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a command of the page prints, line by line."""
    program, *arguments = words(command)
    assert program == "speechsent", command
    assert main(arguments) == 0, command
    told = capsys.readouterr()
    return [alike(line) for line in (told.out + told.err).splitlines()]


def test_the_tutorial_shows_the_main_commands():
    """What the test above runs is no empty page."""
    shown = "".join(block for language, _, block in blocks() if language == "sh")
    for command in ("train", "evaluate", "predict", "doctor", "ablate", "export", "pip install"):
        assert f"speechsent {command} " in shown or f"{command} " in shown
    assert shown.count("speechsent ") >= 10
    assert sum(language == "text" for language, _, _ in blocks()) >= 6
