"""Databases in audformat: ``db.yaml`` says what is in the tables ``db.TABLE.csv`` beside it.

https://audeering.github.io/audformat/
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from speechsent.corpus.audformat_header import HEADER, ROLES, Database, Table, read_header
from speechsent.corpus.manifest import from_rows
from speechsent.corpus.spelling import composed
from speechsent.corpus.table import SURPLUS, Row, read_table, too_many
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError, some

INDEX = ("file", "start", "end")
DURATION = re.compile(r"(?:(\d+) days? )?(?:\+)?(\d+):(\d\d):(\d\d(?:\.\d+)?)")


def is_database(path: Path) -> bool:
    """Whether a path is the folder of a database, or one of its tables."""
    table = path.name.startswith("db.") and path.suffix == ".csv"
    return ((path.parent if table else path) / HEADER).is_file()


def read_database(
    path: Path,
    *,
    labels: Mapping[str, str] | None = None,
    skip_bad: bool = False,
    targets: Sequence[str] = (),
) -> Corpus:
    """Read a database by the table that tells emotions, or by those of its splits.

    Args:
        path: The folder, or the CSV of the table that is meant.
        labels: Emotion names of one's own and what they mean.
        skip_bad: Leave out rows that break a rule, and list them in ``Corpus.refused``.
        targets: Columns of numbers to tell instead of emotions.

    Raises:
        CorpusError: If there is no such table, or several; or a row breaks a rule.
    """
    root = path if path.is_dir() else path.parent
    database = read_header(root)
    rows = _rows(database, _chosen(database, path, targets or ("emotion",)), targets)
    return from_rows(root, root, rows, labels=labels, skip_bad=skip_bad, targets=targets)


def _chosen(database: Database, path: Path, wanted: Sequence[str]) -> list[Table]:
    """The table that is named, or else those of the splits, or else the only one."""
    fitting = [t for t in database.tables if all(map(t.candidates, wanted))]
    if path.is_file():
        fitting = [t for t in fitting if path.name == f"db.{t.name}.csv"]
    split = [t for t in fitting if t.part in ("train", "dev", "test")]
    fitting = split if {"train", "test"} <= {t.part for t in split} else fitting
    if not fitting:
        raise CorpusError(f"{path}: no table has a column {some(sorted(wanted))}")
    if len({t.part for t in fitting}) < len(fitting):
        names = some(f"db.{t.name}.csv" for t in fitting)
        raise CorpusError(f"{path}: several tables tell that; name the one that is meant: {names}")
    return fitting


def _rows(
    database: Database, tables: Sequence[Table], targets: Sequence[str]
) -> Iterator[tuple[str, Row]]:
    known = _known_of_files(database, tables)
    genders = _genders(database)
    for table in tables:
        told = database.told(table, (*ROLES, *targets))
        for number, record in _records(database, table.name, told.values()):
            file = record.get("file", "")
            row = known.get(file, {}) | _cells(record, told)
            row |= {time: _seconds(record.get(time, "")) for time in ("start", "end")}
            row |= {"file": _relative(database.root, file), "split": table.part}
            row["gender"] = row.get("gender") or genders.get(composed(row.get("speaker", "")), "")
            yield f"db.{table.name}.csv row {number}", row | {SURPLUS: record[SURPLUS]}


def _known_of_files(database: Database, chosen: Sequence[Table]) -> dict[str, Row]:
    """What tables of whole files tell of speakers and sentences."""
    known: dict[str, Row] = {}
    for table in database.tables:
        told = database.told(table, ROLES[1:])
        for number, record in _records(database, table.name, told.values()) if told else ():
            if table not in chosen:  # whose rows are refused one by one
                _check_length(database, table.name, number, record)
            if "file" in record and not record.get("start") and not record[SURPLUS]:
                known.setdefault(record["file"], {}).update(_cells(record, told))
    return known


def _genders(database: Database) -> dict[str, str]:
    """Gender of each speaker, where the labels of the scheme tell it."""
    labels = database.at("schemes", "speaker").get("labels")
    if isinstance(labels, str):  # a table of speakers
        found = {}
        for number, row in _records(database, labels):
            _check_length(database, labels, number, row)
            found[composed(next(iter(row.values())))] = row.get("gender", "")
        return found
    if not isinstance(labels, Mapping):
        return {}
    told = {str(name): about for name, about in labels.items() if isinstance(about, Mapping)}
    return {composed(name): str(about.get("gender") or "") for name, about in told.items()}


def _records(
    database: Database, table: str, columns: Collection[str] = ()
) -> Iterator[tuple[int, Row]]:
    """Rows of a table, each with the number of the line it ends on.

    Raises:
        CorpusError: If it is not kept as CSV.
    """
    path = database.root / f"db.{table}.csv"
    if not path.is_file():
        raise CorpusError(
            f"{path}: no such file; tables are read as CSV, which audformat writes with "
            "db.save(root, storage_format='csv')"
        )
    return read_table(path, (*INDEX, *columns))[1]


def _check_length(database: Database, table: str, number: int, record: Row) -> None:
    if record[SURPLUS]:
        raise CorpusError(f"{database.root}/db.{table}.csv: row {number}: {too_many(record)}")


def _cells(record: Row, told: Mapping[str, str]) -> Row:
    """Cells that are not empty, by our name of their column."""
    return {ours: record[column] for ours, column in told.items() if record.get(column)}


def _relative(root: Path, file: str) -> str:
    """Files are told with their whole path where audb has loaded the database."""
    path = Path(file)
    inside = path.is_absolute() and path.is_relative_to(root.absolute())
    return path.relative_to(root.absolute()).as_posix() if inside else file


def _seconds(time: str) -> str:
    """``0 days 00:00:01.5`` in seconds; what is no such duration stays as it is.

    Example:
        >>> _seconds("0 days 00:01:02.500000"), _seconds("NaT"), _seconds("1.5")
        ('62.5', '', '1.5')
    """
    found = DURATION.fullmatch(time.strip())
    if found is None:
        return "" if time.strip() == "NaT" else time.strip()
    days, hours, minutes = (int(n or 0) for n in found.groups()[:3])
    return str(days * 86_400 + hours * 3_600 + minutes * 60 + float(found[4]))
