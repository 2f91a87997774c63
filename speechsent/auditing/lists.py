"""Lists of clips, published or one's own, with or without what is known of each clip."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from speechsent.auditing.columns import FILES, Row, named, names_files
from speechsent.corpus.cells import gender_in, part, stretch
from speechsent.corpus.folder import AUDIO_SUFFIXES, UNREADABLE_SUFFIXES
from speechsent.corpus.inspect import UNKNOWN
from speechsent.corpus.labels import canonical, canonical_names
from speechsent.corpus.problems import corpus_error
from speechsent.corpus.readers import reader_of
from speechsent.corpus.table import read_lines, read_text
from speechsent.corpus.utterance import Utterance
from speechsent.errors import CorpusError
from speechsent.typed import shown

LIST_SUFFIXES = frozenset({".jsonl", ".json", ".csv", ".txt"})
SEPARATORS = (";", "\t", "|")
# Lists are compared by names as well, so that it does not matter whether files can be opened here.
SUFFIXES = (*AUDIO_SUFFIXES, *UNREADABLE_SUFFIXES)


def read_list(
    path: Path, folder: Path, labels: Mapping[str, str] | None = None
) -> tuple[Utterance, ...]:
    """Read the clips a list names; the files themselves need not be there.

    Speaker, sentence and intensity are read from file names which fit a published corpus, and
    else from the list. ``.jsonl`` and ``.json`` hold an object a clip, one a line or as one list;
    ``.csv`` has columns, or names in its first; ``.txt`` has a name a line. ``columns.CALLED``
    tells what columns may be called; those of a manifest count, and others are passed over.

    Args:
        path: The list.
        folder: Where its relative file names start.
        labels: Emotion names of one's own and what they mean.

    Raises:
        CorpusError: If it cannot be read, is empty, or a row names no file or breaks a rule.
    """
    rows = _named_rows(path)
    nameless = [f"row {number} names no file" for number, row in rows if not row["file"]]
    if nameless:
        raise corpus_error(f"{path}: a file stands under {FILES}", nameless)
    if not rows:
        raise CorpusError(f"{path}: empty: no row names a clip")
    emotions = _emotions({row["emotion"] for _, row in rows} - {""}, labels or {})
    clips, problems = [], []
    for number, row in rows:
        try:
            clips.append(_utterance(row, folder, emotions))
        except CorpusError as error:
            problems.append(f"row {number}: {error}")
    if problems:
        raise corpus_error(path, problems)
    return tuple(clips)


def _named_rows(path: Path) -> list[tuple[int, Row]]:
    """Number of each row and its cells under our names."""
    try:
        return [(number, named(row)) for number, row in _rows(path)]
    except CorpusError:
        raise
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{path}: not readable as a list of clips ({error})") from error


def _rows(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    if path.suffix.lower() == ".csv":
        return _csv_rows(path)
    text = read_text(path)
    # Not splitlines(): JSON texts may hold other characters that end a line of prose.
    lines = [(i, line.strip()) for i, line in enumerate(text.split("\n"), 1) if line.strip()]
    if path.suffix.lower() == ".txt":
        return _bare(path, lines)
    if text.lstrip().startswith("["):
        found = list(enumerate(json.loads(text), 1))
    else:
        found = [(number, json.loads(line)) for number, line in lines]
    return [(i, row if isinstance(row, Mapping) else {"file": row}) for i, row in found]


def _csv_rows(path: Path) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Rows by column; without a header that names the files, the first cells are the files."""
    table = [(number, cells) for number, cells in read_lines(path) if any(cells)]
    header = table[0][1] if table else []
    if not names_files(header):
        return _bare(path, [(number, cells[0]) for number, cells in table])
    return _by_column(path, header, table[1:])


def _by_column(
    path: Path, header: Sequence[str], table: Sequence[tuple[int, Sequence[str]]]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    # One comma too many moves every cell behind it into the next column.
    surplus = [
        f"row {number}: more cells than columns; put cells with commas into quotes"
        for number, cells in table
        if any(cells[len(header) :])
    ]
    if surplus:
        raise corpus_error(path, surplus)
    for number, cells in table:
        yield number, dict(zip(header, cells, strict=False))


def _bare(path: Path, names: Sequence[tuple[int, str]]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """Rows that are file names; a table must not be taken for one, or its speakers are lost."""
    remedy = f"name the columns of a .csv in its first row, the files {FILES}"
    for number, name in names:
        if any(separator in name for separator in SEPARATORS):
            raise CorpusError(
                f"{path}: row {number}: cells are separated by commas, not by ';', '|' or tabs; "
                f"save it with commas, and {remedy}. Received: {shown(name)}"
            )
    number, first = names[0] if names else (1, "")
    if first and not first.lower().endswith(SUFFIXES) and reader_of(Path(first)) is None:
        raise CorpusError(
            f"{path}: row {number}: without names of columns, each row is an audio file such as "
            f"a.wav; {remedy}. Received: {shown(first)}"
        )
    return [(number, {"file": name}) for number, name in names]


def _emotions(words: set[str], labels: Mapping[str, str]) -> Mapping[str, str]:
    """Canonical names of those emotions that have one; codes are read by their company."""
    try:
        return canonical_names(sorted(words), labels)
    except CorpusError:  # other people's words are theirs
        meant = {word: labels.get(word, word) for word in words}
        known = {word: canonical(name) or labels.get(word) for word, name in meant.items()}
        return {word: name for word, name in known.items() if name}


def _utterance(row: Row, folder: Path, emotions: Mapping[str, str]) -> Utterance:
    """A list's own word for the emotion counts; the file name knows everything else best."""
    path = folder / PureWindowsPath(row["file"]).as_posix()
    start, end = stretch(row)
    reader = reader_of(path)
    told = reader.parse(path) if reader else Utterance(path=path, emotion=row["emotion"] or UNKNOWN)
    return Utterance(
        path=path,
        emotion=emotions.get(row["emotion"]) or told.emotion,
        speaker=told.speaker or row["speaker"] or None,
        gender=told.gender or gender_in(row["gender"]),
        sentence=told.sentence or row["sentence"] or None,
        intensity=told.intensity or row["intensity"] or None,
        start=start,
        end=end,
        part=part(row),
    )
