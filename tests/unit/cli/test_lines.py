"""What is printed for programs, and how little is loaded to print help."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from speechsent.cli.lines import as_json


@dataclass(frozen=True)
class Kept:
    path: Path
    label: str


@dataclass(frozen=True)
class Shelf:
    kept: tuple[Kept, ...]
    left: Path | None = None


def test_data_classes_are_objects_and_paths_text_at_any_depth():
    shelf = Shelf((Kept(Path("a/b.wav"), "Überraschung"),))
    plain = {"kept": [{"path": "a/b.wav", "label": "Überraschung"}], "left": None}
    for told, expected in ((shelf, plain), ([shelf], [plain]), ({"x": shelf}, {"x": plain})):
        assert json.loads(as_json(told)) == expected
    assert "Überraschung" in as_json(shelf)


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_loads_nothing_that_takes_long(word):
    heavy = {"tensorflow", "keras", "librosa", "sklearn", "matplotlib", "numpy", "dataclasses"}
    script = (
        "import contextlib, sys\n"
        "from speechsent.cli import main\n"
        f"with contextlib.suppress(SystemExit): main([{word!r}])\n"
        f"print(*({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == ""
