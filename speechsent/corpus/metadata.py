"""Folders of clips with a ``metadata.csv`` or ``metadata.jsonl``, as Hugging Face has them.

https://huggingface.co/docs/datasets/audio_dataset#audiofolder
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from speechsent.corpus.folder import PART_FOLDERS
from speechsent.corpus.manifest import from_rows
from speechsent.corpus.rows import COLUMNS
from speechsent.corpus.table import SURPLUS, Row, column_names, read_table, read_text
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError

NAMES = ("metadata.csv", "metadata.jsonl")
# Our column, and what it may be called there; the first that is present counts.
CALLED = {
    "file": ("file_name",),
    "emotion": ("emotion", "label"),
    "speaker": ("speaker", "speaker_id"),
    "gender": ("gender", "sex"),
    "sentence": ("sentence", "sentence_id"),
}


def metadata_files(path: Path, targets: Sequence[str] = ()) -> list[Path]:
    """The metadata of a folder or of its parts, if it names files and what is to be told of them.

    Args:
        path: The folder, or its metadata file.
        targets: Columns of numbers to tell instead of emotions.

    Returns:
        The files; none if there are none, or they are about something else.
    """
    if path.name in NAMES and path.is_file():
        found = [path]
    else:
        folders = [path, *_part_folders(path)]
        found = [f / name for f in folders for name in NAMES if (f / name).is_file()]
    return found if found and all(_is_about_clips(file, targets) for file in found) else []


def read_metadata(
    path: Path,
    *,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Read a folder by its metadata; parts are its folders ``train``, ``test``, … if it has them.

    Args:
        path: The folder, or its metadata file.
        labels: Emotion names of one's own and what they mean.
        skip_bad: Leave out rows that break a rule, and list them in ``Corpus.refused``.
        targets: Columns of numbers to tell instead of emotions.

    Raises:
        CorpusError: If a row breaks a rule.
    """
    root = path if path.is_dir() else path.parent
    rows = _rows(root, metadata_files(path, targets), targets)
    return from_rows(root, root, rows, labels=labels, skip_bad=skip_bad, targets=targets)


def _part_folders(path: Path) -> list[Path]:
    """Folders ``train``, ``test``, … in any case, as class folders have them."""
    inside = sorted(path.iterdir()) if path.is_dir() else []
    return [folder for folder in inside if folder.name.lower() in PART_FOLDERS]


def _is_about_clips(file: Path, targets: Sequence[str]) -> bool:
    """Whether there are columns for the file and what is to be told; of records, one is enough."""
    if file.suffix == ".csv":
        return _names_clips(read_table(file, _known(targets))[0], targets)
    return any(_names_clips(record, targets) for _, record in _records(file, targets))


def _names_clips(columns: Collection[str], targets: Sequence[str]) -> bool:
    emotion = any(name in columns for name in CALLED["emotion"])
    return "file_name" in columns and (set(targets) <= set(columns) if targets else emotion)


def _known(targets: Sequence[str]) -> tuple[str, ...]:
    called = (name for names in CALLED.values() for name in names)
    return (*COLUMNS, *called, *targets)


def _rows(root: Path, files: Iterable[Path], targets: Sequence[str]) -> Iterator[tuple[str, Row]]:
    for file in files:
        folder = file.parent.relative_to(root).as_posix()
        for number, record in _records(file, targets):
            row = {"file": ""} | _row(record, targets)
            row["file"] = row["file"] and (PurePosixPath(folder) / row["file"]).as_posix()
            row.setdefault("split", _part(row["file"]))
            yield f"{file.relative_to(root).as_posix()} row {number}", row


def _row(record: Row, targets: Sequence[str]) -> Row:
    row = {name: record[name] for name in (*COLUMNS, *targets, SURPLUS) if name in record}
    for ours, called in CALLED.items():
        name = next((name for name in called if name in record), None)
        if name is not None:
            row[ours] = record[name]
    return row


def _part(file: str) -> str:
    folder = PurePosixPath(file).parts[:1]
    return folder[0] if folder and folder[0].lower() in PART_FOLDERS else ""


def _records(file: Path, targets: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """Line number and cells of each record."""
    if file.suffix == ".csv":
        yield from read_table(file, _known(targets))[1]
        return
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if line.strip():
            yield number, _record(f"{file}: row {number}", line, _known(targets))


def _record(where: str, line: str, known: Collection[str]) -> Row:
    try:
        found = json.loads(line)
        cells = list(map(_text, found.values())) if isinstance(found, dict) else None
    except RecursionError as error:
        raise CorpusError(f"{where} is nested too deep for a record") from error
    except ValueError as error:
        raise CorpusError(f"{where} is not JSON ({error})") from error
    if cells is None:
        raise CorpusError(f"{where} is a mapping of columns. Received: {line[:60]!r}")
    names = column_names([key.strip() for key in found], known, where)
    return dict(zip(names, cells, strict=True))


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()
