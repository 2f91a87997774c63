"""Folders of clips with a ``metadata.csv`` or ``metadata.jsonl``, as Hugging Face has them.

https://huggingface.co/docs/datasets/audio_dataset#audiofolder
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from speechsent.corpus.folder import PART_FOLDERS
from speechsent.corpus.manifest import from_rows
from speechsent.corpus.rows import COLUMNS, Row
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
        folders = [path, *(path / part for part in PART_FOLDERS)]
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


def _is_about_clips(file: Path, targets: Sequence[str]) -> bool:
    first = next(_records(file), (0, {}))[1]
    told = (
        all(t in first for t in targets) if targets else any(e in first for e in CALLED["emotion"])
    )
    return "file_name" in first and told


def _rows(root: Path, files: Iterable[Path], targets: Sequence[str]) -> Iterator[tuple[str, Row]]:
    for file in files:
        folder = file.parent.relative_to(root).as_posix()
        for number, record in _records(file):
            row = _row(record, targets)
            row["file"] = row["file"] and (PurePosixPath(folder) / row["file"]).as_posix()
            row.setdefault("split", _part(row["file"]))
            yield f"{file.relative_to(root).as_posix()} row {number}", row


def _row(record: Mapping[str, str], targets: Sequence[str]) -> Row:
    row = {name: record[name] for name in (*COLUMNS, *targets) if name in record}
    for ours, called in CALLED.items():
        name = next((name for name in called if name in record), None)
        if name is not None:
            row[ours] = record[name]
    return row


def _part(file: str) -> str:
    folder = PurePosixPath(file).parts[:1]
    return folder[0] if folder and folder[0].lower() in PART_FOLDERS else ""


def _records(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each record."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{file}: not readable as UTF-8 text ({error})") from error
    if file.suffix == ".csv":
        for number, cells in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=2):
            yield number, {str(k).strip(): str(v or "").strip() for k, v in cells.items() if k}
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, _record(file, number, line)


def _record(file: Path, number: int, line: str) -> dict[str, str]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise CorpusError(f"{file}: row {number} is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise CorpusError(f"{file}: row {number} is a mapping of columns. Received: {line[:60]!r}")
    return {key: "" if value is None else str(value).strip() for key, value in found.items()}
