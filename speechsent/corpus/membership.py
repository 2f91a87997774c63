"""Which corpus each clip of a pool comes from, and which classes they have in common."""

from collections import Counter
from collections.abc import Iterable, Sequence

from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError, some


def members(clips: Iterable[Utterance]) -> dict[str, Counter[str]]:
    """Clips of each emotion in each corpus of a pool, by name; empty where nothing is pooled."""
    counts: dict[str, Counter[str]] = {}
    for u in clips:
        if u.corpus is not None:
            counts.setdefault(u.corpus, Counter())[u.emotion] += 1
    return dict(sorted(counts.items()))


def shared_classes(clips: Iterable[Utterance]) -> set[str]:
    """Emotions which every corpus of a pool has."""
    emotions = [set(counts) for counts in members(clips).values()]
    return set.intersection(*emotions) if emotions else set()


def partial_classes(clips: Sequence[Utterance]) -> str:
    """Emotions which not every corpus of a pool has, in words; empty if there are none.

    Example:
        >>> from pathlib import Path
        >>> told = [("a", "anger"), ("a", "fear"), ("b", "anger")]
        >>> partial_classes([Utterance(path=Path("x"), emotion=e, corpus=c) for c, e in told])
        'fear (a 1)'
    """
    found, shared = members(clips), shared_classes(clips)
    partial = sorted({emotion for counts in found.values() for emotion in counts} - shared)
    return ", ".join(f"{emotion} ({_where(emotion, found)})" for emotion in partial)


def pool_note(corpus: Corpus) -> str:
    """What a reader of a score on a corpus must know of its classes; empty if there is nothing.

    A class that not every corpus has can be told by how its corpus sounds.
    """
    partial = partial_classes(corpus.utterances)
    told = f"not in every corpus: {partial}" if partial else ""
    return "; ".join(filter(None, [corpus.note, told]))


def describe_members(corpus: Corpus) -> list[str]:
    """Clips, speakers and classes of each corpus of a pool, a line each; none if not pooled."""
    found = members(corpus)
    return [
        f"{name}: {counts.total()} clips of {_n_speakers(corpus, name)} known speakers: "
        + ", ".join(f"{emotion} {n}" for emotion, n in sorted(counts.items()))
        for name, counts in found.items()
        if len(found) > 1
    ]


def require_several(clips: Iterable[Utterance]) -> tuple[str, ...]:
    """Names of the corpora of a pool.

    Raises:
        CorpusError: If there are fewer than two.
    """
    names = tuple(members(clips))
    if len(names) < 2:
        raise CorpusError(
            "the protocol tests on one corpus at a time, so name two or more. "
            f"Received: {some(names) or 'one'}"
        )
    return names


def _where(emotion: str, found: dict[str, Counter[str]]) -> str:
    return ", ".join(
        f"{name} {counts[emotion]}" for name, counts in found.items() if counts[emotion]
    )


def _n_speakers(corpus: Corpus, name: str) -> int:
    return len({u.speaker for u in corpus if u.corpus == name} - {None})
