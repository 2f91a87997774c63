import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.corpus.fetch import recipe, sources

NAME = "03-01-05-01-01-01-01.wav"


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An archive of one clip, in a table that has no checksum of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(recipe.MIRROR, raising=False)
    known = replace(sources()["ravdess"], bytes=None, checksum=None, needs=1000)
    monkeypatch.setattr(recipe, "source", lambda _: known)
    with zipfile.ZipFile("a.zip", "w") as made:
        made.writestr(NAME, b"x")
    return "a.zip"


def fetch(*words):
    return main(["corpus", "fetch", "ravdess", "--archive", "a.zip", *words])


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_list_names_every_corpus_with_terms_and_protocol(tmp_path, capsys):
    (tmp_path / "emodb" / "wav").mkdir(parents=True)
    (tmp_path / "emodb" / "wav" / "03a01Fa.wav").touch()
    assert main(["corpus", "list", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[::2]] == list(sources())
    assert "1440 clips  24 speakers  8 classes  1.5 h" in lines[0]
    assert lines[0].endswith("ravdess-8-luna5  fetch")
    assert lines[1].strip() == "CC BY-NC-SA 4.0"
    assert lines[8].endswith(f"at hand: {tmp_path / 'emodb'}")


def test_the_list_as_json(tmp_path, capsys):
    assert main(["corpus", "list", str(tmp_path), "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["ravdess"]["bytes"] == 208_468_073
    assert rows["savee"]["url"] is None
    assert rows["emodb"]["at_hand"] is None


def test_an_accepted_corpus_is_fetched_and_the_next_command_told(archive, capsys):
    assert fetch("--accept-licence") == 0
    told = capsys.readouterr()
    assert "licence   CC BY-NC-SA 4.0 (https://creativecommons.org" in told.err
    assert "citation  Livingstone" in told.err
    assert "ravdess: 1 clips\nnote: 1440 clips are published\nsha256 " in told.out
    assert "could not be checked" in told.out
    assert told.out.endswith("next: speechsent train ravdess --protocol ravdess-8-luna5\n")


@pytest.mark.parametrize("words", [[], ["--quiet"], ["--json"]])
def test_without_terminal_and_consent_nothing_is_fetched(archive, capsys, words):
    assert fetch(*words) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "--accept-licence accepts it" in told.err
    assert not Path("ravdess").exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("\n", 1), ("n\n", 1)])
@pytest.mark.parametrize("words", [[], ["--quiet"]])
def test_a_terminal_is_asked_after_the_licence_is_shown(archive, monkeypatch, answer, code, words):
    screen = Terminal()
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr", screen)
    assert fetch(*words) == code
    shown = screen.getvalue()
    assert shown.index("licence   CC BY") < shown.index("Accept the licence? [y/N]")
    assert Path("ravdess").exists() == (code == 0)


def test_quiet_shows_the_result_only(archive, capsys):
    assert fetch("--accept-licence", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_the_result_as_json(archive, capsys):
    assert fetch("--accept-licence", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n_clips"], told["verified"], told["folder"]) == (1, False, "ravdess")


def test_a_source_and_an_archive_exclude_each_other(archive, capsys):
    with pytest.raises(SystemExit):
        fetch("--source", "https://example.org/a.zip")
    assert "not allowed with argument" in capsys.readouterr().err
