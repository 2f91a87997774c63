"""The same recording twice: the same bytes, the same samples, or nearly the same sound."""

import math
import os
from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence

import numpy as np

from speechsent.auditing.fingerprint import alike
from speechsent.auditing.listening import Sound
from speechsent.auditing.report import Finding, finding
from speechsent.auditing.sides import Side
from speechsent.corpus.utterance import Utterance

Keys = Sequence[Hashable | None]  # one a clip; None where nothing is known


def file_keys(side: Side) -> Keys:
    """Hash and stretch of each clip, so that two stretches of one file are two clips."""
    if not side.hashes:
        return [None] * len(side)
    stretches = [(u.start, u.end) for u in side.utterances]
    return [(h, *s) if h else None for h, s in zip(side.hashes, stretches, strict=True)]


def identical_findings(
    name: str,
    what: str,
    train: Side,
    test: Side,
    trained: Keys,
    tested: Keys,
    told: Collection[str] = (),
) -> list[Finding]:
    """Clips that are the same on both sides (a leak), and twice on one side (a note).

    Args:
        name: Name of the check.
        what: What is the same, in words.
        train: The training side.
        test: The test side.
        trained: What identifies each clip of ``train``.
        tested: What identifies each clip of ``test``.
        told: Examples of earlier findings, not to be told again.
    """
    heard, asked = _by_key(trained), _by_key(tested)
    across = [
        f"{test.clip(i)} = {train.clip(heard[key][0])}"
        for i, key in enumerate(tested)
        if key is not None and key in heard
    ]
    twins = [*_twins(train, heard), *_twins(test, asked)]
    across, twins = ([example for example in x if example not in told] for x in (across, twins))
    leak = f"{len(across)} of {len(test)} test clips have {what} as a training clip"
    note = f"groups of clips that have {what}, both in one part: {len(twins)}"
    return [
        *finding(name, "leak", leak, across, len(test)),
        *finding(name, "note", note, twins, len(train) + len(test)),
    ]


def overlapping_stretches(name: str, train: Side, test: Side) -> list[Finding]:
    """Test clips of the same file as a training clip, cut elsewhere, that share sound with it.

    Args:
        name: Name of the check.
        train: The training side, with hashes.
        test: The test side, with hashes.
    """
    heard = _by_key([h or None for h in train.hashes])
    found = []
    for i, file_hash in enumerate(test.hashes):
        same = [train.utterances[j] for j in heard.get(file_hash, ())]
        if any(_overlap(test.utterances[i], other) for other in same):
            found.append(test.clip(i))
    message = f"{len(found)} of {len(test)} test clips overlap a training clip of the same file"
    return finding(name, "leak", message, found, len(test))


def files_shared(name: str, train: Side, test: Side) -> list[Finding]:
    """Test clips that training has by their path, where hashes cannot tell.

    Args:
        name: Name of the check.
        train: The training side.
        test: The test side.
    """
    heard = _by_key([_place(u) for u in train.utterances])
    found = []
    for i, asked in enumerate(test.utterances):
        others = heard.get(_place(asked), ())
        unknown = [j for j in others if not (has_hash(test, i) and has_hash(train, j))]
        if any(_meet(asked, train.utterances[j]) for j in unknown):
            found.append(test.clip(i))
    message = (
        f"{len(found)} of {len(test)} test clips are training clips by their path: the same file, "
        "and the same or overlapping stretches"
    )
    return finding(name, "leak", message, found, len(test))


def has_hash(side: Side, index: int) -> bool:
    """Whether the hash of a clip's file is known."""
    return bool(side.hashes and side.hashes[index])


def _place(utterance: Utterance) -> str:
    """Where a file lies or would lie; links are not followed, for it may not be there."""
    return os.path.normpath(utterance.path.absolute())


def _overlap(first: Utterance, second: Utterance) -> bool:
    """Whether two different stretches of one file have sound in common."""
    same = (first.start, first.end) == (second.start, second.end)
    return not same and _meet(first, second)


def _meet(first: Utterance, second: Utterance) -> bool:
    """Whether two stretches of one file have sound in common."""
    ends = [math.inf if u.end is None else u.end for u in (first, second)]
    return first.start < ends[1] and second.start < ends[0]


def near_duplicates(
    train: Side, test: Side, trained: Sequence[Sound | None], tested: Sequence[Sound | None]
) -> list[Finding]:
    """Test clips that are trimmed, louder, resampled or re-encoded training clips."""
    heard = {i: s for i, s in enumerate(trained) if s and s.fingerprint is not None}
    asked = {i: s for i, s in enumerate(tested) if s and s.fingerprint is not None}
    pairs = alike(_fingerprints(asked), _fingerprints(heard))
    tests, trains = list(asked), list(heard)
    best: dict[int, tuple[float, int]] = {}
    for first, second, likeness in pairs:
        a, b = tests[first], trains[second]
        if asked[a].digest != heard[b].digest:
            best[a] = max(best.get(a, (0.0, b)), (likeness, b))
    found = [
        f"{test.clip(a)} ~ {train.clip(b)} ({likeness:.2f})"
        for a, (likeness, b) in sorted(best.items())
    ]
    message = (
        f"{len(found)} of {len(asked)} test clips sound like a training clip: "
        "trimmed, re-encoded, resampled, or louder"
    )
    return finding("near-duplicates", "leak", message, found, len(asked))


def _fingerprints(sounds: Mapping[int, Sound]) -> list[np.ndarray]:
    return [s.fingerprint for s in sounds.values() if s.fingerprint is not None]


def _by_key(keys: Keys) -> dict[Hashable, list[int]]:
    """Indices by key; clips of which nothing is known are left out."""
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for i, key in enumerate(keys):
        if key is not None:
            groups[key].append(i)
    return groups


def _twins(side: Side, groups: Mapping[Hashable, Sequence[int]]) -> list[str]:
    return [" = ".join(map(side.clip, group)) for group in groups.values() if len(group) > 1]
