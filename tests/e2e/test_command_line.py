"""Help, version, and what importing costs."""

import subprocess
import sys

import pytest

from speechsent import __version__
from speechsent.cli import COMMANDS, main

HEAVY = ("tensorflow", "keras", "librosa", "sklearn", "matplotlib", "numpy")
PROBE = "; print([m for m in {heavy} if m in sys.modules])"


def loaded(code: str) -> str:
    """Heavy modules in memory after ``code`` ran in a fresh interpreter."""
    program = f"import sys; {code}" + PROBE.format(heavy=HEAVY)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()[-1]


def test_importing_the_package_loads_nothing_heavy():
    assert loaded("import speechsent") == "[]"


def test_building_the_parser_loads_nothing_heavy():
    assert loaded("import speechsent.cli; speechsent.cli.parser()") == "[]"


def test_reading_a_corpus_loads_no_neural_network():
    assert loaded("import speechsent; speechsent.read_corpus") == "['numpy']"


@pytest.mark.parametrize("command", [command.NAME for command in COMMANDS])
def test_every_command_explains_itself_with_examples(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    assert f"speechsent {command}" in capsys.readouterr().out.split("examples:")[1]


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"speechsent {__version__}\n"


def test_no_command_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as exit_:
        main([])
    assert exit_.value.code == 2


def test_corpus_inspect_names_classes_speakers_and_refusals(tmp_path, capsys):
    assert main(["corpus", "synthesize", str(tmp_path / "v"), "--speakers", "6",
                 "--test-speakers", "2", "--quiet"]) == 0  # fmt: skip
    (tmp_path / "v" / "train" / "anger" / "syn-m02-anger-s9-9.wav").write_text("no sound")
    assert main(["corpus", "inspect", str(tmp_path / "v")]) == 0
    out = capsys.readouterr().out
    assert "emotions   6: " in out
    assert "speakers   6: " in out
    assert "rates (Hz) 1: 16000 324" in out
    assert "refused    1" in out
    assert "syn-m02-anger-s9-9.wav: not a readable audio file" in out
