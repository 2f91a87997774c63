"""What a long piece of work tells whoever watches; the library itself prints nothing."""

from collections.abc import Mapping


class Listener:
    """Receives progress; each method does nothing until overridden."""

    def note(self, text: str) -> None:
        """Something worth a line."""

    def begin(self, stage: str, total: int, unit: str) -> None:
        """A stage starts, of ``total`` steps of the given unit."""

    def step(self, done: int) -> None:
        """``done`` steps of the current stage are finished."""

    def epoch(self, number: int, logs: Mapping[str, float]) -> None:
        """An epoch (counted from 1) of the current stage is finished."""

    def end(self) -> None:
        """The current stage is finished."""
