"""Which clips are held out for testing, fold by fold.

Each rule names its folds and chooses the clips of one. Names of speakers are those of the corpus,
with or without its prefix; numbers may lack leading zeros.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from speechsent.corpus.membership import require_several
from speechsent.corpus.speakers import find_speaker
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError, ParameterError, some


@dataclass(frozen=True, kw_only=True)
class ListedSpeakers:
    """The speakers of each fold are listed.

    Args:
        speakers: Names, a group for each fold.

    Raises:
        ParameterError: If a fold has no speaker, or names one twice.
    """

    BY: ClassVar[str] = "listed-speakers"
    SPEAKER_DISJOINT: ClassVar[bool] = True
    speakers: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        wrong = [names for names in self.speakers if not names or len({*names}) < len(names)]
        if wrong:
            raise ParameterError(f"a fold lists speakers, each once. Received: {wrong[0]}")

    def folds(self, _: Sequence[Utterance]) -> tuple[str, ...]:
        """Names of the folds."""
        return _numbered(len(self.speakers))

    def choose(self, clips: Sequence[Utterance], fold: int, _: int = 0) -> set[int]:
        """Indices of the clips of the fold's speakers."""
        known = speakers_of(clips)
        chosen = {find_speaker(name, known) for name in self.speakers[fold]}
        return {i for i, u in enumerate(clips) if u.speaker in chosen}

    def __str__(self) -> str:
        groups = "; ".join(f"{n}: {', '.join(names)}" for n, names in enumerate(self.speakers))
        return f"the speakers listed for each fold ({groups})"


@dataclass(frozen=True, kw_only=True)
class EachSpeaker:
    """Leave one speaker out, each in turn; a fold is called as its speaker."""

    BY: ClassVar[str] = "each-speaker"
    SPEAKER_DISJOINT: ClassVar[bool] = True

    def folds(self, clips: Sequence[Utterance]) -> tuple[str, ...]:
        """Names of the folds."""
        return tuple(speakers_of(clips))

    def choose(self, clips: Sequence[Utterance], fold: int) -> set[int]:
        """Indices of the clips of the fold's speaker."""
        speaker = self.folds(clips)[fold]
        return {i for i, u in enumerate(clips) if u.speaker == speaker}

    def __str__(self) -> str:
        return "each speaker in turn, a fold each"


@dataclass(frozen=True, kw_only=True)
class RandomClips:
    """A share of the clips, whoever speaks.

    The same clips as ``train_test_split(clips, test_size=share, random_state=random_state)`` of
    scikit-learn, for clips sorted by file name.

    Args:
        share: Share of the clips, in (0, 1).
        random_state: Seed of NumPy's legacy generator.

    Raises:
        ParameterError: If a field is out of range.
    """

    BY: ClassVar[str] = "random-clips"
    SPEAKER_DISJOINT: ClassVar[bool] = False
    share: float = 0.2
    random_state: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.share < 1 and self.random_state >= 0):
            raise ParameterError(
                "share lies in (0, 1) and random_state is not negative. "
                f"Received: share={self.share}, random_state={self.random_state}"
            )

    def folds(self, _: Sequence[Utterance]) -> tuple[str, ...]:
        """Name of the one fold."""
        return _numbered(1)

    def choose(self, clips: Sequence[Utterance], _: int) -> set[int]:
        """Indices of the drawn clips."""
        by_name = sorted(range(len(clips)), key=lambda i: (clips[i].path.name, i))
        drawn = np.random.RandomState(self.random_state).permutation(len(clips))
        return {by_name[place] for place in drawn[: math.ceil(self.share * len(clips))]}

    def __str__(self) -> str:
        return (
            f"{self.share:.0%} of the clips at random (random_state {self.random_state}), "
            "whoever speaks"
        )


@dataclass(frozen=True, kw_only=True)
class SentenceGroups:
    """The sentences of each fold, dealt out in alphabetical order.

    Args:
        groups: Number of folds; a corpus with fewer sentences has a fold for each.

    Raises:
        ParameterError: If there are fewer than two groups.
    """

    BY: ClassVar[str] = "sentence-groups"
    SPEAKER_DISJOINT: ClassVar[bool] = False
    groups: int = 5

    def __post_init__(self) -> None:
        if self.groups < 2:
            raise ParameterError(f"groups are two or more. Received: groups={self.groups}")

    def folds(self, clips: Sequence[Utterance]) -> tuple[str, ...]:
        """Names of the folds."""
        return _numbered(min(self.groups, len(_sentences(clips))))

    def choose(self, clips: Sequence[Utterance], fold: int) -> set[int]:
        """Indices of the clips of the fold's sentences."""
        sentences = _sentences(clips)
        chosen = set(sentences[fold :: min(self.groups, len(sentences))])
        return {i for i, u in enumerate(clips) if u.sentence in chosen}

    def __str__(self) -> str:
        return f"the sentences of {self.groups} groups in turn, whoever speaks"


@dataclass(frozen=True, kw_only=True)
class EachCorpus:
    """Leave one corpus of a pool out, each in turn; a fold is called as its corpus."""

    BY: ClassVar[str] = "each-corpus"
    SPEAKER_DISJOINT: ClassVar[bool] = True

    def folds(self, clips: Sequence[Utterance]) -> tuple[str, ...]:
        """Names of the folds."""
        return require_several(clips)

    def choose(self, clips: Sequence[Utterance], fold: int) -> set[int]:
        """Indices of the clips of the fold's corpus."""
        corpus = self.folds(clips)[fold]
        return {i for i, u in enumerate(clips) if u.corpus == corpus}

    def __str__(self) -> str:
        return "each corpus in turn, a fold each, on the classes all corpora have"


HeldOut = ListedSpeakers | EachSpeaker | RandomClips | SentenceGroups | EachCorpus


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"fold {number}" for number in range(1, n + 1))


def speakers_of(clips: Sequence[Utterance]) -> list[str]:
    """Names of the speakers, alphabetically.

    Raises:
        CorpusError: If some are unknown.
    """
    unknown = [u.path.name for u in clips if u.speaker is None]
    if unknown:
        raise CorpusError(
            f"the protocol splits by speaker, and speakers are unknown: {some(unknown)}. "
            "Fill the speaker column of a CSV"
        )
    return sorted({str(u.speaker) for u in clips})


def _sentences(clips: Sequence[Utterance]) -> list[str]:
    unknown = [u.path.name for u in clips if u.sentence is None]
    if unknown:
        raise CorpusError(
            f"the protocol splits by sentence, and sentences are unknown: {some(unknown)}. "
            "Fill the sentence column of a CSV"
        )
    sentences = sorted({str(u.sentence) for u in clips})
    if len(sentences) < 2:
        raise CorpusError(
            f"a sentence can be held out where there are two or more. Received: {some(sentences)}"
        )
    return sentences
