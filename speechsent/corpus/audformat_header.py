"""The header of a database in audformat: which tables there are, and what their columns tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechsent.errors import CorpusError, some
from speechsent.typed import shown

HEADER = "db.yaml"
ROLES = ("emotion", "speaker", "gender", "sentence", "intensity")


@dataclass(frozen=True)
class Table:
    """A table as the header describes it.

    Args:
        name: Its name.
        columns: Scheme of each of its columns, empty if it has none.
        part: Type of the split it belongs to: train, dev, test; empty if to none.
    """

    name: str
    columns: Mapping[str, str]
    part: str

    def candidates(self, role: str) -> list[str]:
        """Columns that may tell something: the one of that name, or else those of that scheme."""
        if role in self.columns:
            return [role]
        return [c for c, scheme in self.columns.items() if scheme == role and c not in ROLES]


@dataclass(frozen=True)
class Database:
    """The folder of a database and its header."""

    root: Path
    header: Mapping[str, Any]

    @property
    def tables(self) -> list[Table]:
        """All tables, in the header's order."""
        return [self._table(str(name)) for name in self.at("tables")]

    def _table(self, name: str) -> Table:
        names = [str(column) for column in self.at("tables", name, "columns")]
        about = {column: self.at("tables", name, "columns", column) for column in names}
        split = self.at("splits", str(self.at("tables", name).get("split_id")))
        return Table(
            name=name,
            columns={column: str(told.get("scheme_id") or "") for column, told in about.items()},
            part=str(split.get("type") or ""),
        )

    def at(self, *keys: str) -> Mapping[str, Any]:
        """The mapping under keys inside keys; an empty one if there is nothing.

        Raises:
            CorpusError: If there is something else than a mapping.
        """
        if not keys:
            return self.header
        outer, key = self.at(*keys[:-1]), keys[-1]
        # YAML makes a number of a name such as 1.
        name = key if key in outer else next((k for k in outer if str(k) == key), key)
        found = outer.get(name)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise CorpusError(
                f"{self.root / HEADER}: {'.'.join(keys)} is a mapping of keys. "
                f"Received: {shown(found)}"
            )
        return found

    def told(self, table: Table, roles: Iterable[str]) -> dict[str, str]:
        """Which column of a table tells what; what none tells is not there.

        Raises:
            CorpusError: If several could.
        """
        found = {role: table.candidates(role) for role in roles}
        for role, columns in found.items():
            if len(columns) > 1:
                raise CorpusError(
                    f"{self.root / HEADER}: tables.{table.name} has several columns of the scheme "
                    f"{role}, and none of that name: {some(columns)}. Rename the one that is meant "
                    f"to {role}, there and in db.{table.name}.csv"
                )
        return {role: columns[0] for role, columns in found.items() if columns}


def read_header(root: Path) -> Database:
    """Read the header of the database in a folder.

    Raises:
        CorpusError: If it is no YAML, or no mapping.
    """
    import yaml

    path = root / HEADER
    try:
        header = yaml.safe_load(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise CorpusError(f"{path}: nested too deep for a header") from error
    except (OSError, ValueError, LookupError, AttributeError, yaml.YAMLError) as error:
        raise CorpusError(f"{path}: not a header ({' '.join(str(error).split())})") from error
    if not isinstance(header, Mapping):
        raise CorpusError(f"{path}: a header is a mapping of keys. Received: {shown(header)}")
    return Database(root, header)
