"""Which clips of the training part are kept for validation; the test part is never looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from speechsent.corpus.named.held_out import ListedSpeakers, speakers_of
from speechsent.corpus.sampling import draw_clips, draw_speakers
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError, ParameterError


@dataclass(frozen=True, kw_only=True)
class DrawnSpeakers:
    """Some of the training speakers, drawn so that classes and genders are well spread.

    Args:
        n: How many.

    Raises:
        ParameterError: If there is none.
    """

    BY: ClassVar[str] = "drawn-speakers"
    n: int = 1

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ParameterError(f"n is one speaker or more. Received: n={self.n}")

    def choose(self, clips: Sequence[Utterance], _: int, seed: int) -> set[int]:
        """Indices of the clips of the drawn speakers.

        Raises:
            CorpusError: If speakers are unknown, or none would be left to train on.
        """
        speakers = speakers_of(clips)
        if len(speakers) <= self.n:
            raise CorpusError(
                f"the protocol draws {self.n} of the training speakers for validation, and one "
                f"at least must be left to train on. Received: {len(speakers)} training speakers"
            )
        drawn = draw_speakers(clips, {}, {"validation": self.n}, seed)
        return {i for i, u in enumerate(clips) if drawn[str(u.speaker)] == "validation"}

    def __str__(self) -> str:
        return f"{self.n} of the training speakers, drawn by split.seed"


@dataclass(frozen=True, kw_only=True)
class DrawnOfEachCorpus:
    """A share of the training speakers of each corpus, drawn as ``DrawnSpeakers`` draws them.

    A corpus with a single speaker is trained on whole.

    Args:
        share: Share of the speakers of a corpus, in (0, 1); one at least.

    Raises:
        ParameterError: If the share is out of range.
    """

    BY: ClassVar[str] = "drawn-of-each-corpus"
    share: float = 0.15

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ParameterError(f"share lies in (0, 1). Received: share={self.share}")

    def choose(self, clips: Sequence[Utterance], _: int, seed: int) -> set[int]:
        """Indices of the clips of the drawn speakers.

        Raises:
            CorpusError: If speakers are unknown, or no corpus has two of them.
        """
        speakers_of(clips)  # refuses unknown ones
        drawn = {
            speaker
            for corpus in {u.corpus for u in clips}
            for speaker in self._of([u for u in clips if u.corpus == corpus], seed)
        }
        if not drawn:
            raise CorpusError(
                "the protocol keeps training speakers for validation, and no training corpus has "
                "two speakers"
            )
        return {i for i, u in enumerate(clips) if u.speaker in drawn}

    def _of(self, clips: Sequence[Utterance], seed: int) -> set[str]:
        n_speakers = len(speakers_of(clips))
        n = min(n_speakers - 1, max(1, round(self.share * n_speakers)))
        parts = draw_speakers(clips, {}, {"validation": n}, seed)
        return {speaker for speaker, part in parts.items() if part == "validation"}

    def __str__(self) -> str:
        return f"{self.share:.0%} of the training speakers of each corpus, drawn by split.seed"


@dataclass(frozen=True, kw_only=True)
class DrawnClips:
    """A share of the training clips of each class, whoever speaks.

    Args:
        share: Share of the clips of each class, in (0, 1).

    Raises:
        ParameterError: If the share is out of range.
    """

    BY: ClassVar[str] = "drawn-clips"
    share: float = 0.15

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ParameterError(f"share lies in (0, 1). Received: share={self.share}")

    def choose(self, clips: Sequence[Utterance], _: int, seed: int) -> set[int]:
        """Indices of the drawn clips."""
        parts = draw_clips(clips, {"validation": self.share}, seed)
        return {i for i, part in enumerate(parts) if part == "validation"}

    def __str__(self) -> str:
        return f"{self.share:.0%} of the training clips of each class, drawn by split.seed"


Validation = DrawnSpeakers | DrawnOfEachCorpus | DrawnClips | ListedSpeakers
