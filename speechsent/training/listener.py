"""What a long piece of work tells whoever watches; the library itself prints nothing."""

from collections.abc import Mapping

SCORES = {"uar": "UAR", "ccc": "CCC"}


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


def score_of(figures: Mapping[str, object]) -> str:
    """Which score the figures of an epoch are about: UAR of emotions, or CCC of numbers.

    Example:
        >>> score_of({"val_loss": 0.7, "val_uar": 0.6})
        'uar'
    """
    return "ccc" if "ccc" in figures or "val_ccc" in figures else "uar"


def clock(seconds: float) -> str:
    """A duration as people say it.

    Example:
        >>> clock(9.24), clock(75), clock(3700)
        ('9.2 s', '1:15 min', '1:01 h')
    """
    if seconds < 59.95:  # beyond, it would read 60.0 s
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"
