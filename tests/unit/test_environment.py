"""What a run was computed with."""

import json
import re

from speechsent.environment import environment


def test_the_environment_names_versions():
    facts = environment()
    assert re.match(r"3\.\d+", facts["python"])
    assert re.match(r"3\.\d+", facts["libraries"]["keras"])
    assert json.dumps(facts)


def test_the_environment_tells_one_version_of_the_code_from_another(tmp_path, monkeypatch):
    """Names and contents count, other files do not."""
    monkeypatch.setattr("speechsent.environment.__file__", str(tmp_path / "environment.py"))
    (tmp_path / "run.py").write_text("a = 1")
    first = environment()["source"]
    assert re.fullmatch("[0-9a-f]{64}", first)
    (tmp_path / "note.txt").write_text("no code")
    assert environment()["source"] == first
    (tmp_path / "run.py").write_text("a = 2")
    second = environment()["source"]
    (tmp_path / "run.py").rename(tmp_path / "walk.py")
    assert len({first, second, environment()["source"]}) == 3


def test_a_command_with_bytes_that_are_no_text_can_be_written_down(monkeypatch):
    """Linux lets a path be any bytes, of which Python makes lone surrogates."""
    monkeypatch.setattr("sys.argv", ["speechsent", "m\udcffine", "\N{GRINNING FACE}"])
    told = environment()["command"]
    assert told == ["speechsent", r"m\xffine", "\N{GRINNING FACE}"]
    assert json.dumps(told, ensure_ascii=False).encode()
