import io
import re
import sys
from types import SimpleNamespace

import pytest

from speechsent.cli import console as module
from speechsent.cli.console import LiveConsole, PlainConsole, console, figures
from speechsent.training.listener import Listener

LOGS = {"loss": 1.25, "uar": 0.5, "val_loss": 1.5, "val_uar": 0.4567}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def stream():
    return io.StringIO()


@pytest.fixture
def now(monkeypatch):
    """A clock the test sets by hand."""
    time = [100.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: time[0]))
    return time


def test_a_log_file_gets_a_line_for_each_note_and_epoch(stream, now):
    listener = PlainConsole(stream)
    listener.note("corpus: here")
    listener.begin("joint", 100, "steps")
    now[0] += 30
    listener.step(25)
    listener.epoch(1, LOGS)
    now[0] += 30
    listener.end()
    assert stream.getvalue().splitlines() == [
        "corpus: here",
        "joint epoch 1: loss 1.250, train UAR 0.500, val loss 1.500, val UAR 0.457, "
        "1:30 min left at most",
        "joint: 1:00 min",
    ]


def test_the_time_left_is_known_before_the_first_step(stream, now):
    listener = PlainConsole(stream)
    listener.begin("features", 0, "clips")
    listener.epoch(1, LOGS)
    assert "0.0 s left" in stream.getvalue()


def test_each_stage_has_its_own_time(stream, now):
    listener = PlainConsole(stream)
    for stage, seconds in (("features", 9.24), ("joint", 75)):
        listener.begin(stage, 1, "steps")
        now[0] += seconds
        listener.end()
    assert stream.getvalue().splitlines() == ["features: 9.2 s", "joint: 1:15 min"]


def test_a_bar_ends_as_a_line_with_the_best_uar():
    stream = Terminal()
    listener = LiveConsole(stream)
    listener.begin("joint", 10, "steps")
    listener.step(5)
    listener.epoch(1, {**LOGS, "val_uar": 0.6})
    listener.epoch(2, {**LOGS, "val_uar": 0.5})
    assert "val UAR 0.500 (best 0.600)" in listener.progress.tasks[0].fields["figures"]
    assert listener.progress.tasks[0].completed == 5
    listener.end()
    assert listener.progress is None
    assert stream.getvalue().splitlines()[-1].endswith("best validation UAR 0.600")


def test_the_best_uar_is_that_of_the_stage():
    stream = Terminal()
    listener = LiveConsole(stream)
    for stage in ("joint", "features"):
        listener.begin(stage, 1, "steps")
        if stage == "joint":
            listener.epoch(1, LOGS)
        listener.end()
    last = stream.getvalue().splitlines()[-1]
    assert "features: " in last
    assert "UAR" not in last


def test_a_note_is_printed_as_it_is_with_or_without_a_bar():
    """Square brackets mark up text for the library that draws the bar."""
    stream = Terminal()
    listener = LiveConsole(stream)
    listener.note("before [red]")
    listener.begin("joint", 10, "steps")
    listener.note("while [red]")
    listener.close()
    assert "before [red]" in stream.getvalue()
    assert "while [red]" in stream.getvalue()


def test_quiet_says_nothing(capsys):
    with console(quiet=True) as listener:
        listener.note("x")
        listener.begin("joint", 1, "steps")
        listener.step(1)
        listener.epoch(1, LOGS)
        listener.end()
    assert type(listener) is Listener
    assert capsys.readouterr() == ("", "")


def test_a_log_file_gets_plain_lines_and_results_stay_apart(capsys):
    with console() as listener:
        listener.note("x")
    assert type(listener) is PlainConsole
    assert capsys.readouterr() == ("", "x\n")


def test_a_bar_does_not_outlive_an_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    seen = []

    def train():
        with console() as listener:
            seen.append(listener)
            listener.begin("joint", 10, "steps")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    assert isinstance(seen[0], LiveConsole)
    assert seen[0].progress is None


def test_figures_are_told_in_words():
    assert figures(LOGS) == "loss 1.250, train UAR 0.500, val loss 1.500, val UAR 0.457"


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["terminal", "NO_COLOR", "dumb terminal"],
)
def test_colours_are_for_terminals_that_want_them(monkeypatch, variables, coloured):
    """https://no-color.org"""
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in ({"TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)
    screen = Terminal()
    live = LiveConsole(screen)
    live.begin("download", 10, "MB")
    live.step(5)
    live.progress.refresh()
    live.end()
    assert (re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.getvalue()) is not None) == coloured


def test_a_stage_of_unknown_length_can_be_shown(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    live = LiveConsole(screen)
    live.begin("download", 0, "MB")
    live.step(5)
    live.progress.refresh()
    live.end()
    assert "5/?" in screen.getvalue()
