"""What is printed for programs, and how little is loaded to print help."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechsent.cli import main
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


def test_names_in_tables_move_no_cursor(tmp_path, capsys):
    """A speaker whose name would turn the terminal red, in a table of many lines."""
    rate, seconds = 16_000, 1
    tone = np.sin(np.arange(rate * seconds) / 10)
    rows = ["file,speaker,emotion"]
    for i, emotion in enumerate(("anger", "joy")):
        soundfile.write(tmp_path / f"{i}.wav", tone, rate)
        rows.append(f"{i}.wav,\x1b[31mred,{emotion}")
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    assert main(["corpus", "inspect", str(tmp_path / "list.csv")]) == 0
    told = capsys.readouterr().out
    assert r"speakers   1: \x1b[31mred 2" in told.replace("list/", "")
    assert len(told.splitlines()) > 5


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
