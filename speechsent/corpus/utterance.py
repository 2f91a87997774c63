"""One clip and what is known about it; a corpus is an ordered collection of them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
UNKNOWN_EMOTION = "unknown"  # of clips of which only numbers are known


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """One recording, or a stretch of one, with its labels.

    Args:
        path: The audio file.
        emotion: Canonical emotion name (see ``speechsent.corpus.labels``); ``"unknown"`` where
            numbers are told instead.
        speaker: Who speaks, prefixed with the corpus (``"ravdess/12"``); None if unknown.
        gender: ``"female"`` or ``"male"``; None if unknown.
        sentence: Name of the spoken text; None if unknown.
        intensity: Strength of the emotion in the corpus's words; None if unknown.
        start: First second of the stretch.
        end: Second just after the stretch; None means the end of the file.
        part: The part of a split which the corpus itself prescribes; None if it leaves that open.
        corpus: Name of the corpus it belongs to, where several are pooled; else None.
        values: Numbers that are to be told of it, in the order of ``Corpus.targets``.
    """

    path: Path
    emotion: str
    speaker: str | None = None
    gender: str | None = None
    sentence: str | None = None
    intensity: str | None = None
    start: float = 0.0
    end: float | None = None
    part: Part | None = None
    corpus: str | None = None
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A file that is not part of the corpus, and why."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """Utterances in a fixed order, and where they came from.

    Args:
        name: Short name, used for run folders and protocols (``"ravdess"``).
        root: Folder the paths lie under.
        utterances: Sorted by path, then start; so the order never depends on the file system.
        spellings: Emotion names as found, mapped to the canonical ones.
        refused: Files that were left out, with the reason.
        note: What a reader of a score on it must know; empty if there is nothing.
        targets: Names of the numbers in ``Utterance.values``; empty where emotions are told.
    """

    name: str
    root: Path
    utterances: tuple[Utterance, ...]
    spellings: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    note: str = ""
    targets: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.utterances)

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    def __getitem__(self, index: int) -> Utterance:
        return self.utterances[index]

    @property
    def emotions(self) -> Counter[str]:
        """Number of utterances of each emotion."""
        return Counter(u.emotion for u in self.utterances)

    @property
    def speakers(self) -> Counter[str]:
        """Number of utterances of each known speaker."""
        return Counter(u.speaker for u in self.utterances if u.speaker is not None)

    @property
    def task(self) -> str:
        """What is to be told, as protocols name it: how many emotions, or which numbers."""
        return "+".join(self.targets) or str(len(self.emotions))

    def where(self, keep: Callable[[Utterance], bool]) -> "Corpus":
        """Return the corpus with only the utterances for which ``keep`` is true."""
        return replace(self, utterances=tuple(u for u in self.utterances if keep(u)))
