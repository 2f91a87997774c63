"""Several corpora as one: canonical emotions, one root, and speakers that are not mixed up."""

import math
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from speechsent.corpus.open import keep_classes, read_corpus
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError, some


def read_corpora(
    paths: Sequence[Path],
    *,
    labels: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Read several corpora, each as ``read_corpus`` does, and pool them.

    Args:
        paths: Folders and CSVs; of a single one the corpus itself is returned.
        labels: Emotion names of one's own and what they mean, in any of the corpora.
        classes: Keep only these emotions, in any spelling; None keeps all.
        skip_bad: Leave out files that break a rule, and list them in ``Corpus.refused``.
        targets: Columns of numbers to tell instead of emotions, in every CSV.

    Raises:
        CorpusError: If there is no path, a corpus is not usable, or two have a clip in common.
    """
    how: Any = {"labels": labels, "skip_bad": skip_bad, "targets": targets}
    if len(paths) == 1:
        return read_corpus(paths[0], classes=classes, **how)
    pooled = pool([read_corpus(path, **how) for path in paths])
    return pooled if classes is None else keep_classes(pooled, classes, labels or {})


def pool(corpora: Sequence[Corpus]) -> Corpus:
    """Join corpora, with all emotions any of them has.

    Its name joins theirs alphabetically, so that the order they are named in does not matter;
    its root is the innermost folder that holds them all.

    Raises:
        CorpusError: If there is no corpus, two have a clip in common, or they have other targets.
    """
    if not corpora:
        raise CorpusError("a pool needs at least one corpus. Received: none")
    if len({corpus.targets for corpus in corpora}) > 1:
        raise CorpusError("pooled corpora have the same targets, in the same order")
    joined = sorted(distinct(corpora), key=lambda corpus: corpus.name)
    utterances = [u for corpus in joined for u in corpus]
    utterances.sort(key=lambda u: (u.path.as_posix(), u.start, u.end or math.inf))
    return Corpus(
        name="+".join(corpus.name for corpus in joined),
        root=common_root([corpus.root for corpus in joined]),
        utterances=tuple(utterances),
        spellings=_spellings(joined),
        refused=tuple(refusal for corpus in joined for refusal in corpus.refused),
        targets=joined[0].targets,
    )


def distinct(corpora: Sequence[Corpus]) -> list[Corpus]:
    """The corpora, each by a name of its own, and no two people by one name.

    A second corpus of the same name gets a number (``list``, ``list-2``), by where it lies, in
    whatever order they are given. A speaker of a published corpus stays who it is, so that actor 12
    of two parts of RAVDESS is one person; any other speaker's name is prefixed with the corpus, so
    that speaker 1 of two CSVs are two.

    Raises:
        CorpusError: If two corpora have a clip in common.
    """
    places: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for corpus in corpora:
        places[corpus.name].append(_place(corpus))
    found = []
    for corpus in corpora:
        number = 1 + sorted(places[corpus.name]).index(_place(corpus))
        name = corpus.name if number == 1 else f"{corpus.name}-{number}"
        found.append(_belonging(corpus, name))
    _refuse_common_clips(found)
    return found


def common_root(roots: Sequence[Path]) -> Path:
    """The innermost folder that holds all roots; a single one as it is.

    Raises:
        CorpusError: If there is none, as on two drives.
    """
    if len(roots) == 1:
        return roots[0]
    try:
        return Path(os.path.commonpath([root.resolve() for root in roots]))
    except ValueError as error:
        raise CorpusError(
            f"no folder holds all corpora; bring them to one drive. Received: {some(roots)}"
        ) from error


def _place(corpus: Corpus) -> tuple[str, ...]:
    """Its root and first clip: two lists in one folder have no clip in common."""
    first = [str(u.path.relative_to(corpus.root)) for u in corpus.utterances[:1]]
    return (str(corpus.root.resolve()), *first)


def _belonging(corpus: Corpus, name: str) -> Corpus:
    root = corpus.root.resolve()
    utterances = tuple(
        replace(
            u,
            path=root / u.path.relative_to(corpus.root),
            speaker=_speaker(u, name),
            corpus=name,
        )
        for u in corpus
    )
    return replace(corpus, name=name, root=root, utterances=utterances)


def _speaker(utterance: Utterance, corpus: str) -> str | None:
    speaker = utterance.speaker
    return speaker if speaker is None or "/" in speaker else f"{corpus}/{speaker}"


def _refuse_common_clips(corpora: Sequence[Corpus]) -> None:
    files = Counter(path for corpus in corpora for path in {u.path for u in corpus})
    twice = [str(path) for path, n in files.items() if n > 1]
    if twice:
        raise CorpusError(
            f"clips that are in two of the corpora: {some(twice)}. "
            "Name each corpus once, and no folder inside another"
        )


def _spellings(corpora: Sequence[Corpus]) -> dict[str, str]:
    """All spellings; one that means different things is told with its corpus."""
    meanings: dict[str, set[str]] = defaultdict(set)
    for corpus in corpora:
        for old, new in corpus.spellings.items():
            meanings[old].add(new)
    return {
        old if len(meanings[old]) == 1 else f"{old} ({corpus.name})": new
        for corpus in corpora
        for old, new in corpus.spellings.items()
    }
