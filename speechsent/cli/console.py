"""Progress for people: a live bar on a terminal, plain lines in a log file."""

import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from speechsent.training.listener import SCORES, Listener, clock, score_of


class PlainConsole(Listener):
    """One line for each note and epoch; nothing that a log file would garble.

    Args:
        stream: Where the lines go; standard error by default, which leaves standard output to
            results.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.stage, self.total, self.done = "", 1, 0
        self.started = time.monotonic()

    def note(self, text: str) -> None:
        """Print a line."""
        print(text, file=self.stream, flush=True)

    def begin(self, stage: str, total: int, unit: str) -> None:
        """Remember the stage and when it began."""
        self.stage, self.total, self.done = stage, max(total, 1), 0
        self.started = time.monotonic()

    def step(self, done: int) -> None:
        """Remember how far the stage is."""
        self.done = done

    def epoch(self, number: int, logs: Mapping[str, float]) -> None:
        """Print the epoch's figures and the time left."""
        self.note(f"{self.stage} epoch {number}: {figures(logs)}, {self._left()} left at most")

    def end(self) -> None:
        """Print how long the stage took."""
        self.note(f"{self.stage}: {clock(time.monotonic() - self.started)}")

    def _left(self) -> str:
        spent = time.monotonic() - self.started
        return clock(spent * (self.total - self.done) / max(self.done, 1))


class LiveConsole(PlainConsole):
    """A progress bar with the last epoch's score and the time left."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.progress: Any = None
        self.task: Any = None
        self.best = -math.inf

    def note(self, text: str) -> None:
        """Print a line above the bar."""
        if self.progress is None:
            super().note(text)
        else:
            self.progress.console.print(text, markup=False, highlight=False)

    def begin(self, stage: str, total: int, unit: str) -> None:
        """Show a bar."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as TimeLeft

        super().begin(stage, total, unit)
        self.best = -math.inf
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeLeft(),
            TextColumn("{task.fields[figures]}"),
        ]
        self.progress = Progress(*columns, console=Console(file=self.stream), transient=True)
        self.task = self.progress.add_task(stage, total=total or None, figures="")
        self.progress.start()

    def step(self, done: int) -> None:
        """Move the bar."""
        super().step(done)
        self.progress.update(self.task, completed=done)

    def epoch(self, number: int, logs: Mapping[str, float]) -> None:
        """Show the epoch's figures behind the bar."""
        self.score = score_of(logs)
        value = logs.get(f"val_{self.score}")
        if value is None:
            text = f"epoch {number}: train {SCORES[self.score]} {logs[self.score]:.3f}"
        else:
            self.best = max(self.best, value)
            text = f"epoch {number}: val {SCORES[self.score]} {value:.3f} (best {self.best:.3f})"
        self.progress.update(self.task, figures=text)

    def end(self) -> None:
        """Take the bar away and say how the stage ended."""
        self.close()
        best = ""
        if self.best > -math.inf:
            best = f", best validation {SCORES[self.score]} {self.best:.3f}"
        self.note(f"{self.stage}: {clock(time.monotonic() - self.started)}{best}")

    def close(self) -> None:
        """Take the bar away, also when the stage ended with an error."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None


@contextmanager
def console(*, quiet: bool = False) -> Iterator[Listener]:
    """The listener that suits where standard error goes; a bar never outlives the block."""
    if quiet:
        yield Listener()
    elif not sys.stderr.isatty():
        yield PlainConsole()
    else:
        live = LiveConsole()
        try:
            yield live
        finally:
            live.close()


def figures(logs: Mapping[str, float]) -> str:
    """Figures of an epoch in words."""
    score = score_of(logs)
    name = SCORES[score]
    told = f"loss {logs['loss']:.3f}, train {name} {logs[score]:.3f}"
    if "val_loss" not in logs:
        return told
    return f"{told}, val loss {logs['val_loss']:.3f}, val {name} {logs[f'val_{score}']:.3f}"
