"""A corpus as a CSV: a row a clip, paths relative to the CSV."""

import csv
import io
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from speechsent.corpus.cells import clip_of
from speechsent.corpus.labels import canonical_names
from speechsent.corpus.naming import corpus_name
from speechsent.corpus.problems import corpus_error
from speechsent.corpus.rows import COLUMNS, read_rows
from speechsent.corpus.spelling import spelled_alike
from speechsent.corpus.table import Row
from speechsent.corpus.utterance import UNKNOWN_EMOTION, Corpus, Refusal, Utterance
from speechsent.errors import CorpusError, ParameterError
from speechsent.typed import shown
from speechsent.writing import write_bytes

PREDICTED = "_predicted"  # behind the name of a target, in tables of predictions


def read_manifest(
    path: Path,
    *,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Read ``file,speaker,emotion[,gender,sentence,intensity,start,end,split]``.

    Only ``file`` and ``emotion`` must be there; an empty cell means unknown, as does
    ``nan``, ``none`` or ``unknown`` for a name. ``start`` and
    ``end`` are seconds; ``split`` is train, validation (or dev, valid, val) or test. Where numbers
    are the targets, ``emotion`` need not be there, and other columns of numbers may be.

    Args:
        path: The CSV, UTF-8 with or without a byte order mark.
        labels: Emotion names of one's own and what they mean.
        skip_bad: Leave out rows that break a rule, and list them in ``Corpus.refused``.
        targets: Columns of numbers to tell, with a finite number in every row.

    Raises:
        CorpusError: If the columns are wrong or a row breaks a rule; tells the rows.
    """
    rows = read_rows(path, targets)
    return from_rows(
        path,
        path.parent,
        ((f"row {number}", row) for number, row in rows),
        labels=labels,
        skip_bad=skip_bad,
        targets=targets,
    )


def from_rows(
    source: Path,
    root: Path,
    rows: Iterable[tuple[str, Row]],
    *,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Make a corpus of rows with the columns of a manifest.

    Args:
        source: What the rows were read from; the corpus is named after it.
        root: Folder the files are relative to.
        rows: Where each row stands, for messages, and its cells; a missing one is unknown.
        labels: Emotion names of one's own and what they mean.
        skip_bad: Leave out rows that break a rule, and list them in ``Corpus.refused``.
        targets: Columns of numbers to tell, with a finite number in every row.

    Raises:
        CorpusError: If a row breaks a rule, or there is none.
    """
    inside = root.resolve()
    found: dict[tuple[object, ...], Utterance] = {}
    refused: list[Refusal] = []
    for where, cells in rows:
        row = dict.fromkeys((*COLUMNS, *targets), "") | cells
        try:
            utterance = clip_of(row, root, inside, targets)
            key = (utterance.path, utterance.start, utterance.end)
            if key in found:
                raise CorpusError(
                    f"{shown(row['file'])} is listed before, with the same start and end"
                )
            found[key] = utterance
        except CorpusError as error:
            refused.append(Refusal(root / row["file"], f"{where}: {error}"))
    if refused and (not skip_bad or not found):
        raise corpus_error(source, [r.reason for r in refused])
    if not found:
        raise CorpusError(f"{source}: empty: no row describes a clip")
    return _corpus(source, root, list(found.values()), labels or {}, refused, tuple(targets))


def check_targets(names: Sequence[str]) -> None:
    """Refuse names that no column of numbers can have.

    Raises:
        ParameterError: If a name is empty, is given twice, or belongs to a column of ours.
    """
    taken = {*COLUMNS, "part", "sha256", *(f"{name}{PREDICTED}" for name in names)}
    if len(set(names)) < len(names) or not all(map(str.strip, names)) or taken & set(names):
        raise ParameterError(
            f"targets are different columns of one's own, none of {', '.join(sorted(taken))}. "
            f"Received: {', '.join(map(repr, names))}"
        )


def write_manifest(corpus: Corpus, path: Path) -> None:
    """Write a corpus so that ``read_manifest`` gives the same utterances.

    The file is replaced in one step, so that it is never half written.

    Args:
        corpus: The corpus.
        path: The CSV, in a folder that holds all clips.

    Raises:
        CorpusError: If a clip lies outside the folder of the CSV.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, (*COLUMNS, *corpus.targets), lineterminator="\n")
    writer.writeheader()
    for utterance in corpus:
        values = dict(zip(corpus.targets, map(repr, utterance.values), strict=True))
        file = _relative(path.parent, corpus.root, utterance.path)
        writer.writerow(_row(file, utterance) | values)
    write_bytes(path, text.getvalue().encode())


def _corpus(
    path: Path,
    root: Path,
    found: list[Utterance],
    labels: Mapping[str, str],
    refused: list[Refusal],
    targets: tuple[str, ...],
) -> Corpus:
    _check_spelling(path, {u.speaker for u in found if u.speaker})
    nameless = {UNKNOWN_EMOTION} if targets else set()
    try:
        names = canonical_names(sorted({u.emotion for u in found} - nameless), labels)
    except CorpusError as error:
        raise CorpusError(f"{path}: {error}") from error
    utterances = [replace(u, emotion=names.get(u.emotion, u.emotion)) for u in found]
    utterances.sort(key=lambda u: (u.path.as_posix(), u.start, u.end or math.inf))
    return Corpus(
        name=corpus_name(path, [u.path for u in utterances]),
        root=root,
        utterances=tuple(utterances),
        spellings=names,
        refused=tuple(refused),
        targets=targets,
    )


def _check_spelling(path: Path, speakers: Collection[str]) -> None:
    """Refuse two spellings of one speaker: read as two people, both sides might have one person."""
    met: dict[str, str] = {}
    for speaker in sorted(speakers):
        other = met.setdefault(spelled_alike(speaker), speaker)
        if other != speaker:
            raise CorpusError(
                f"{path}: {other!r} and {speaker!r} read like one speaker; spell each speaker one "
                "way, or give them other names if they are two"
            )


def _relative(folder: Path, root: Path, path: Path) -> str:
    """Where a clip of a corpus lies, seen from the folder of the CSV."""
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    # One of the two may be an absolute path, or reach there by a link. Links inside the corpus are
    # not followed: they may lead out of it.
    clip, inside = root.resolve() / path.relative_to(root), folder.resolve()
    if not clip.is_relative_to(inside):
        raise CorpusError(
            f"{path} does not lie below {folder}; write the CSV into a folder above it"
        )
    return clip.relative_to(inside).as_posix()


def _row(file: str, utterance: Utterance) -> dict[str, object]:
    """Cells of one clip; ``repr`` of a float is the shortest text that reads back the same."""
    return {
        "file": file,
        "speaker": utterance.speaker,
        "emotion": None if utterance.emotion == UNKNOWN_EMOTION else utterance.emotion,
        "gender": utterance.gender,
        "sentence": utterance.sentence,
        "intensity": utterance.intensity,
        "start": repr(utterance.start) if utterance.start else None,
        "end": utterance.end,
        "split": utterance.part,
    }
