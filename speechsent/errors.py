"""Every error and warning this package raises on purpose.

One root, so that ``except SpeechsentError`` catches exactly our own complaints.
Each error also derives from the built-in a caller would expect.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path


class SpeechsentError(Exception):
    """Root of all errors raised on purpose by speechsent."""


class ParameterError(SpeechsentError, ValueError):
    """An argument has a value the function cannot work with."""


class ConfigError(SpeechsentError, ValueError):
    """A configuration has one or more problems; all of them are listed.

    Args:
        problems: One sentence a problem.
        source: Where the configuration came from, such as a file name.
    """

    def __init__(self, problems: Sequence[str], source: str = "configuration") -> None:
        self.problems = tuple(problems)
        super().__init__(f"{source}: " + "; ".join(problems))


class AudioError(SpeechsentError, OSError):
    """An audio file cannot be used: unreadable, empty, silent, or not finite.

    Args:
        path: The file.
        reason: The rule it breaks, and the remedy if that is not obvious.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path = Path(path)
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class CorpusError(SpeechsentError, ValueError):
    """A folder, manifest or file name does not describe a usable corpus."""


class DownloadError(SpeechsentError, OSError):
    """A file cannot be fetched, or what arrived is not that file."""


class WeightsError(SpeechsentError, OSError):
    """Pretrained weights are missing, damaged, or do not fit the network."""


class RunError(SpeechsentError, RuntimeError):
    """A run folder is missing, unfinished, or does not fit what is asked of it."""


class TrainingError(SpeechsentError, RuntimeError):
    """Training cannot start, or has left the range in which it can recover."""


class SaveError(SpeechsentError, OSError):
    """A file cannot be written: the disk is full or read-only."""


class ExportError(SpeechsentError, RuntimeError):
    """A run cannot be exported, or an exported file cannot be used."""


class MicrophoneError(SpeechsentError, OSError):
    """There is no microphone, or what listens to it is not installed."""


class LockedError(SpeechsentError, RuntimeError):
    """Another process holds a lock; the message tells which."""


class SpeechsentWarning(UserWarning):
    """Root of all warnings given on purpose by speechsent."""


class AudioWarning(SpeechsentWarning):
    """An audio file was used although something about it is odd."""


def some(items: Iterable[object], limit: int = 5) -> str:
    """Name at most ``limit`` items and the total, for messages.

    Example:
        >>> some(["a", "b", "c"], limit=2)
        'a, b and 1 more (3 in all)'
    """
    names = [str(item) for item in items]
    if len(names) <= limit:
        return ", ".join(names)
    rest = len(names) - limit
    return f"{', '.join(names[:limit])} and {rest} more ({len(names)} in all)"
