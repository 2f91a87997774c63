"""What the command says before anything is loaded."""

import importlib.util
import sys
import time
from threading import Event

import pytest

from speechsent.cli import app, main


def test_a_missing_extra_is_one_line_that_names_it(monkeypatch, capsys):
    monkeypatch.setattr(app, "find_spec", lambda name: None)
    assert main(["app"]) == 1
    assert capsys.readouterr().err == (
        "speechsent: starlette and uvicorn: not installed; pip install 'speechsent[app]'\n"
    )


@pytest.mark.skipif(importlib.util.find_spec("uvicorn") is None, reason="needs the extra [app]")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--max-mb", "0"], "max_mb"),
        (["--max-seconds", "99999"], "predict --timeline"),
        (["--port", "99999"], "between 0 and 65535"),
    ],
)
def test_bad_limits_and_ports_are_told_at_once(words, told, capsys):
    assert main(["app", "--no-browser", *words]) == 1
    assert told in capsys.readouterr().err


def test_a_browser_that_keeps_the_terminal_does_not_keep_the_page_from_being_served(monkeypatch):
    opened, ended = Event(), Event()

    def keep(url):
        opened.set()
        ended.wait(60)

    monkeypatch.setattr("webbrowser.open", keep)
    before = time.monotonic()
    app._tell("http://127.0.0.1:1/", browser=True)
    assert time.monotonic() - before < 30
    assert opened.wait(60)
    ended.set()


@pytest.mark.skipif("linux" not in sys.platform, reason="names of hosts differ")
def test_who_lets_others_in_is_warned(capsys):
    app._warn_of_others("0.0.0.0")
    assert "no password" in capsys.readouterr().err
