"""A corpus as a CSV: a row a clip, paths relative to the CSV."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from speechsent.corpus.folder import PART_FOLDERS
from speechsent.corpus.labels import canonical_names
from speechsent.corpus.naming import corpus_name
from speechsent.corpus.problems import corpus_error
from speechsent.corpus.rows import COLUMNS, Row, is_number, read_rows
from speechsent.corpus.utterance import UNKNOWN_EMOTION, Corpus, Part, Refusal, Utterance
from speechsent.errors import CorpusError, ParameterError
from speechsent.typed import shown
from speechsent.writing import write_bytes

PREDICTED = "_predicted"  # behind the name of a target, in tables of predictions
GENDERS = {"f": "female", "m": "male"}


def read_manifest(
    path: Path,
    *,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Read ``file,speaker,emotion[,gender,sentence,intensity,start,end,split]``.

    Only ``file`` and ``emotion`` must be there; an empty cell means unknown. ``start`` and
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
            utterance = _utterance(root, inside, row, targets)
            key = (utterance.path, utterance.start, utterance.end)
            if key in found:
                raise CorpusError(
                    f"{shown(row['file'])} is listed before, with the same start and end"
                )
            found[key] = utterance
        except CorpusError as error:
            refused.append(Refusal(root / row["file"], f"{where}: {error}"))
    if refused and not skip_bad:
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
        writer.writerow(_row(path.parent, utterance) | values)
    write_bytes(path, text.getvalue().encode())


def _utterance(folder: Path, root: Path, row: Row, targets: Sequence[str]) -> Utterance:
    if row.get(""):
        raise CorpusError(f"more cells than columns. Received: {shown(row[''])} at the end")
    if not row["emotion"] and not targets:
        raise CorpusError("emotion is empty")
    start, end = _stretch(row)
    return Utterance(
        path=_path(folder, root, row["file"]),
        emotion=row["emotion"] or UNKNOWN_EMOTION,
        speaker=row["speaker"] or None,
        gender=GENDERS.get(row["gender"].lower(), row["gender"].lower()) or None,
        sentence=row["sentence"] or None,
        intensity=row["intensity"] or None,
        start=start,
        end=end,
        part=_part(row["split"]),
        values=tuple(_value(target, row[target]) for target in targets),
    )


def _value(column: str, cell: str) -> float:
    value = float(cell) if is_number(cell) else math.nan
    if not math.isfinite(value):
        raise CorpusError(f"{column} is a finite number. Received: {shown(cell)}")
    return value


def _path(folder: Path, root: Path, name: str) -> Path:
    """Where a clip lies; never outside the folder of the CSV, by no link either."""
    if not name:
        raise CorpusError("file is empty")
    relative = PurePosixPath(name)
    if relative.is_absolute() or PureWindowsPath(name).drive or ".." in relative.parts:
        raise CorpusError(f"file is a path below the folder of the CSV. Received: {shown(name)}")
    path = folder / relative
    try:
        found = path.is_file()
        inside = not found or path.resolve().is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # a name no file can have, or links in a circle
        found = False
    if not found:
        raise CorpusError(f"no such file: {shown(name)}")
    if not inside:
        raise CorpusError(f"{name!r} is a link out of the folder of the CSV; copy the file there")
    return path


def _stretch(row: Row) -> tuple[float, float | None]:
    start = _seconds("start", row["start"]) or 0.0
    end = _seconds("end", row["end"])
    if end is not None and start >= end:
        raise CorpusError(f"start must lie before end. Received: start={start}, end={end}")
    return start, end


def _seconds(column: str, cell: str) -> float | None:
    try:
        seconds = float(cell) if cell else None
    except ValueError:
        seconds = math.nan
    if seconds is not None and not 0 <= seconds < math.inf:
        raise CorpusError(f"{column} is a number of seconds from 0. Received: {shown(cell)}")
    return seconds


def _part(cell: str) -> Part | None:
    if cell and cell.lower() not in PART_FOLDERS:
        raise CorpusError(f"split is one of {', '.join(PART_FOLDERS)}. Received: {shown(cell)}")
    return PART_FOLDERS.get(cell.lower())


def _corpus(
    path: Path,
    root: Path,
    found: list[Utterance],
    labels: Mapping[str, str],
    refused: list[Refusal],
    targets: tuple[str, ...],
) -> Corpus:
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


def _row(folder: Path, utterance: Utterance) -> dict[str, object]:
    """Cells of one clip; ``repr`` of a float is the shortest text that reads back the same."""
    try:
        file = utterance.path.relative_to(folder).as_posix()
    except ValueError as error:
        raise CorpusError(
            f"{utterance.path} does not lie below {folder}; write the CSV into a folder above it"
        ) from error
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
