"""Ctrl-C and SIGTERM while a model is fitted: the step is finished and the state kept first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CAUGHT = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """A signal ended the work; nothing that was kept before is lost.

    Args:
        number: Number of the signal.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class Patience:
    """Remembers a signal until it suits; a second one does not wait."""

    def __init__(self) -> None:
        self._at_once = False
        self._received = 0

    def hurry(self, at_once: bool) -> None:
        """Set whether a signal ends the work where it is; one that has come does now."""
        self._at_once = at_once
        if at_once:
            self.check()

    def check(self) -> None:
        """End the work if a signal has come.

        Raises:
            Interrupted: If one has.
        """
        if self._received:
            raise Interrupted(self._received)

    def take(self, number: int, _frame: FrameType | None) -> None:
        """Receive a signal."""
        if self._received:
            raise KeyboardInterrupt
        self._received = number
        if self._at_once:
            self.check()


@contextmanager
def patience() -> Iterator[Patience]:
    """Take signals patiently; in a thread, which receives none, nothing changes."""
    patient, before = Patience(), dict[signal.Signals, Any]()
    try:
        if threading.current_thread() is threading.main_thread():
            for number in CAUGHT:
                if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                    before[number] = signal.signal(number, patient.take)
        yield patient
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that nothing half done is left behind."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    mine = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if mine:
        signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        if mine:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
