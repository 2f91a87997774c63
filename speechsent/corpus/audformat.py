"""Databases in audformat: ``db.yaml`` says what is in the tables ``db.TABLE.csv`` beside it.

https://audeering.github.io/audformat/
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent.corpus.manifest import from_rows
from speechsent.corpus.rows import Row
from speechsent.corpus.utterance import Corpus
from speechsent.errors import CorpusError, some

HEADER = "db.yaml"
ROLES = ("emotion", "speaker", "gender", "sentence", "intensity")
DURATION = re.compile(r"(?:(\d+) days? )?(?:\+)?(\d+):(\d\d):(\d\d(?:\.\d+)?)")
Records = list[dict[str, str]]


@dataclass(frozen=True)
class Table:
    """A table as the header describes it.

    Args:
        name: Its name.
        columns: Our name of each of its columns, where we have one, else its own.
        part: Type of the split it belongs to: train, dev, test; empty if to none.
    """

    name: str
    columns: Mapping[str, str]
    part: str


@dataclass(frozen=True)
class Database:
    """The folder of a database and its header."""

    root: Path
    header: Mapping[str, Any]

    @property
    def tables(self) -> list[Table]:
        """All tables, in the header's order."""
        return [self._table(name, told or {}) for name, told in self._part("tables").items()]

    def _table(self, name: str, told: Mapping[str, Any]) -> Table:
        columns = {}
        for column, about in (told.get("columns") or {}).items():
            scheme = (about or {}).get("scheme_id")
            columns[str(column)] = next((r for r in ROLES if r in (column, scheme)), str(column))
        split = self._part("splits").get(str(told.get("split_id"))) or {}
        return Table(name, columns, str(split.get("type") or ""))

    def _part(self, key: str) -> Mapping[str, Any]:
        found = self.header.get(key)
        return found if isinstance(found, Mapping) else {}

    def records(self, table: str) -> Records:
        """Rows of a table.

        Raises:
            CorpusError: If it is not kept as CSV.
        """
        path = self.root / f"db.{table}.csv"
        if not path.is_file():
            raise CorpusError(
                f"{path}: no such file; tables are read as CSV, which audformat writes with "
                "db.save(root, storage_format='csv')"
            )
        try:
            return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
        except UnicodeDecodeError as error:
            raise CorpusError(f"{path}: not readable as UTF-8 text ({error})") from error

    def genders(self) -> dict[str, str]:
        """Gender of each speaker, where the labels of the scheme tell it."""
        scheme = self._part("schemes").get("speaker") or {}
        labels = scheme.get("labels")
        if isinstance(labels, str):  # a table of speakers
            rows = self.records(labels)
            return {next(iter(row.values())): row.get("gender") or "" for row in rows}
        if not isinstance(labels, Mapping):
            return {}
        told = {str(k): v for k, v in labels.items() if isinstance(v, Mapping)}
        return {name: str(about.get("gender") or "") for name, about in told.items()}


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
    database = Database(root, _header(root / HEADER))
    tables = _chosen(database, path, set(targets or ("emotion",)))
    rows = _rows(database, tables)
    return from_rows(root, root, rows, labels=labels, skip_bad=skip_bad, targets=targets)


def _header(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        header = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CorpusError(f"{path}: not a header ({' '.join(str(error).split())})") from error
    if not isinstance(header, Mapping):
        raise CorpusError(f"{path}: a header is a mapping of keys. Received: {header!r}")
    return header


def _chosen(database: Database, path: Path, wanted: set[str]) -> list[Table]:
    """The table that is named, or else those of the splits, or else the only one."""
    fitting = [t for t in database.tables if wanted <= set(t.columns.values())]
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


def _rows(database: Database, tables: Sequence[Table]) -> Iterator[tuple[str, Row]]:
    known = _known_of_files(database)
    genders = database.genders()
    for table in tables:
        for number, record in enumerate(database.records(table.name), start=2):
            row = dict(known.get(record.get("file", ""), {}))
            row |= {ours: record.get(theirs) or "" for theirs, ours in table.columns.items()}
            row["file"] = _relative(database.root, record.get("file") or "")
            row["gender"] = row.get("gender") or genders.get(row.get("speaker", ""), "")
            row |= {time: _seconds(record.get(time) or "") for time in ("start", "end")}
            yield f"db.{table.name}.csv row {number}", row | {"split": table.part}


def _known_of_files(database: Database) -> dict[str, Row]:
    """What tables of whole files tell of speakers and sentences."""
    known: dict[str, Row] = {}
    for table in database.tables:
        told = {theirs: ours for theirs, ours in table.columns.items() if ours in ROLES[1:]}
        for record in database.records(table.name) if told else ():
            if "file" in record and not record.get("start"):
                row = {ours: record.get(theirs) or "" for theirs, ours in told.items()}
                known.setdefault(record["file"], {}).update(row)
    return known


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
