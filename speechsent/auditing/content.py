"""Checks that open the files: same bytes, same samples, nearly the same sound, shortcuts."""

from collections.abc import Sequence
from dataclasses import replace

from speechsent.auditing.copies import (
    file_keys,
    files_shared,
    has_hash,
    identical_findings,
    near_duplicates,
    overlapping_stretches,
)
from speechsent.auditing.listening import Sound, listen
from speechsent.auditing.report import Finding, finding
from speechsent.auditing.shortcuts import shortcut_checks
from speechsent.auditing.sides import Side, is_there
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.utterance import Refusal, Utterance
from speechsent.training.listener import Listener

BYTES = "the same bytes"
SAMPLES = "the same samples"
FILES = "identical-files"
PATHS = "files-shared"
SOUNDS = ("identical-audio", "near-duplicates")

Checked = tuple[list[str], list[Finding]]


def byte_checks(train: Side, test: Side) -> Checked:
    """Compare hashes where both sides know them, and paths where one does not."""
    names: list[str] = []
    findings: list[Finding] = []
    if train.hashes and test.hashes:
        names.append(FILES)
        keys = file_keys(train), file_keys(test)
        findings += identical_findings(FILES, BYTES, train, test, *keys)
        findings += overlapping_stretches(FILES, train, test)
    if not all(has_hash(side, i) for side in (train, test) for i in range(len(side))):
        names.append(PATHS)
        findings += files_shared(PATHS, train, test)
    return names, findings


def content_checks(train: Side, test: Side, listener: Listener) -> Checked:
    """Compare bytes, samples and sound of the files that are there, and say which are not."""
    names, findings = byte_checks(hashed(train), hashed(test))
    sounds, unheard = _sounds([*train.utterances, *test.utterances], listener)
    message = f"{len(unheard)} of {len(sounds)} files cannot be opened: their sound is not compared"
    findings += finding("content-unchecked", "note", message, unheard, len(sounds))
    trained, tested = sounds[: len(train)], sounds[len(train) :]
    if not (any(trained) and any(tested)):
        return names, findings
    digests = [s and s.digest for s in trained], [s and s.digest for s in tested]
    told = {example for same in findings for example in same.examples}
    findings += identical_findings(SOUNDS[0], SAMPLES, train, test, *digests, told)
    findings += near_duplicates(train, test, trained, tested)
    shortcuts, told_by_cues = shortcut_checks([*train.utterances, *test.utterances], sounds)
    return [*names, *SOUNDS, *shortcuts], [*findings, *told_by_cues]


def hashed(side: Side) -> Side:
    """The side with the hash of each file, as far as files are there.

    Raises:
        AudioError: If one is there and cannot be read.
    """
    if side.hashes:
        return side
    paths = [u.path for u in side.utterances if is_there(u.path)]
    known = dict(zip(paths, file_hashes(paths), strict=True))
    return replace(
        side, hashes=tuple(known.get(u.path, "") for u in side.utterances) if known else ()
    )


def _sounds(
    utterances: Sequence[Utterance], listener: Listener
) -> tuple[list[Sound | None], list[str]]:
    """Sound of every clip, None where there is none; and the clips without, with the reason."""
    listener.begin("clips", len(utterances), "clips")
    heard = listen(utterances, listener.step)
    listener.end()
    unheard = [str(refusal) for refusal in heard if isinstance(refusal, Refusal)]
    return [None if isinstance(s, Refusal) else s for s in heard], unheard
