"""Three parts of a corpus, and what a reader of a score must know about them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from speechsent.corpus.utterance import Corpus, Part, Utterance

UNKNOWN_SPEAKERS = "speakers unknown: clips of one speaker may lie on both sides"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three parts of a corpus.

    Args:
        protocol: Name to report beside every score, such as ``"ravdess-8-holdout"``.
        speaker_disjoint: Whether no speaker occurs in two parts, or, under a named protocol, no
            speaker of the test part in another; None if speakers are unknown.
        parts: Indices into the corpus, ascending; every utterance is in one part.
        hash: Twelve hexadecimal digits that tell splits of the same files apart.
        note: What a reader of the score must know; empty if there is nothing.
        protocol_hash: Twelve hexadecimal digits of a named protocol's definition; else empty.
        fold: Name of the fold of a named protocol; else empty.
        n_folds: Folds of the protocol.
    """

    protocol: str
    speaker_disjoint: bool | None
    parts: Mapping[Part, tuple[int, ...]]
    hash: str
    note: str = ""
    protocol_hash: str = ""
    fold: str = ""
    n_folds: int = 1

    def part_of(self, index: int) -> Part:
        """Return the part of one utterance."""
        return self._part_by_index[index]

    @cached_property
    def _part_by_index(self) -> dict[int, Part]:
        return {index: part for part, indices in self.parts.items() for index in indices}


def split_hash(corpus: Corpus, parts: Iterable[Part]) -> str:
    """Fingerprint of who is in which part, wherever the corpus lies."""
    lines = sorted(
        f"{clip_name(corpus, u)}\t{u.start!r}\t{u.end!r}\t{part}"
        for u, part in zip(corpus, parts, strict=True)
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def shared_speakers(corpus: Corpus, parts: Sequence[Part | None]) -> list[str]:
    """Speakers with clips in two parts."""
    pairs = {(u.speaker, part) for u, part in zip(corpus, parts, strict=True) if u.speaker}
    n_parts = Counter(str(speaker) for speaker, _ in pairs)
    return sorted(speaker for speaker, n in n_parts.items() if n > 1)


def untrained_emotions(corpus: Corpus, parts: Sequence[Part]) -> list[str]:
    """Emotions without a clip in the training part."""
    trained = {u.emotion for u, part in zip(corpus, parts, strict=True) if part == "train"}
    return sorted(corpus.emotions.keys() - trained)


def clip_name(corpus: Corpus, utterance: Utterance) -> str:
    """Path of a clip below the corpus, for messages and fingerprints."""
    return utterance.path.relative_to(corpus.root).as_posix()
