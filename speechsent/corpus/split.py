"""Three parts of a corpus, and what a reader of a score must know about them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from speechsent.corpus.utterance import Corpus, Part, Utterance

UNKNOWN_SPEAKERS = "speakers unknown: clips of one speaker may lie on both sides"


@dataclass(frozen=True, kw_only=True)
class Split:
    """Three parts of a corpus.

    Args:
        protocol: Name to report beside every score, such as ``"ravdess-8-holdout"``.
        speaker_disjoint: Whether no speaker occurs in two parts, or, under a named protocol, no
            speaker of the test part in another; None if speakers are unknown.
        parts: Indices into the corpus, ascending; every utterance is in one part. Only a split
            that leaks on purpose has its test clips as validation clips too.
        hash: Twelve hexadecimal digits that tell splits of the same files apart.
        note: What a reader of the score must know; empty if there is nothing.
        protocol_hash: Twelve hexadecimal digits of a named protocol's definition; else empty.
        fold: Name of the fold of a named protocol; else empty.
        n_folds: Folds of the protocol.
        leaky: What is wrong on purpose, to show what it gains; empty for an honest split.
    """

    protocol: str
    speaker_disjoint: bool | None
    parts: Mapping[Part, tuple[int, ...]]
    hash: str
    note: str = ""
    protocol_hash: str = ""
    fold: str = ""
    n_folds: int = 1
    leaky: str = ""

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
    """Emotions without a clip in the training part; none matters where numbers are told."""
    if corpus.targets:
        return []
    trained = {u.emotion for u, part in zip(corpus, parts, strict=True) if part == "train"}
    return sorted(corpus.emotions.keys() - trained)


def clip_name(corpus: Corpus, utterance: Utterance) -> str:
    """Path of a clip below the corpus, for messages and fingerprints."""
    return utterance.path.relative_to(corpus.root).as_posix()


def thinned(corpus: Corpus, split: Split, fraction: float, seed: int) -> tuple[Corpus, Split]:
    """Leave out training clips, emotion by emotion; validation and test stay whole.

    With one seed, the clips of a smaller fraction are among those of a larger one.

    Args:
        corpus: The corpus that was split.
        split: Its parts.
        fraction: Share of the training clips of each emotion that stays, in (0, 1].
        seed: Equal seeds keep equal clips.

    Returns:
        The corpus without those clips, and its parts.
    """
    by_emotion: dict[str, list[int]] = defaultdict(list)
    for i in split.parts["train"]:
        by_emotion[corpus[i].emotion].append(i)
    rng = np.random.default_rng(seed)
    dropped: set[int] = set()
    for emotion in sorted(by_emotion):
        clips = rng.permutation(by_emotion[emotion]).tolist()
        dropped.update(clips[max(1, round(fraction * len(clips))) :])
    kept, parts = subset(corpus, split, [i for i in range(len(corpus)) if i not in dropped])
    told = f"{fraction:.0%} of the training clips"
    return kept, replace(parts, note="; ".join(filter(None, [split.note, told])))


def subset(corpus: Corpus, split: Split, stays: Sequence[int]) -> tuple[Corpus, Split]:
    """Leave out clips of a corpus that is split; the others keep their part.

    Args:
        corpus: The corpus that was split.
        split: Its parts.
        stays: Indices of the clips that stay, ascending.
    """
    place = {old: new for new, old in enumerate(stays)}
    parts: dict[Part, tuple[int, ...]] = {
        part: tuple(place[i] for i in indices if i in place)
        for part, indices in split.parts.items()
    }
    kept = replace(corpus, utterances=tuple(corpus[i] for i in stays))
    return kept, replace(split, parts=parts)
