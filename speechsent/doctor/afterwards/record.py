"""What a run folder says of its training, read leniently: old runs have fewer files."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from speechsent.doctor.afterwards.curves import Curves, read_curves
from speechsent.errors import RunError

FILES = (
    "split.csv",
    "stages.json",
    "history.csv",
    "scores.json",
    "predictions.csv",
    "audit.json",
    "doctor.json",
)
Row = Mapping[str, str]


@dataclass(frozen=True)
class Record:
    """A run folder.

    Args:
        path: The folder.

    Raises:
        RunError: If it is no run folder.
    """

    path: Path

    def __post_init__(self) -> None:
        if not self.path.is_dir():
            raise RunError(f"{self.path}: no such run folder")
        if not (self.path / "config.yaml").is_file():
            raise RunError(f"{self.path}: not a run folder (it has no config.yaml)")

    @property
    def files(self) -> tuple[str, ...]:
        """Which of the files that can be read are there."""
        return tuple(name for name in FILES if (self.path / name).is_file())

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """``run.json``; empty of a training that did not finish."""
        return self._mapping("run.json")

    @cached_property
    def scores(self) -> Mapping[str, Any]:
        """``scores.json``; empty if no test was made."""
        return self._mapping("scores.json")

    @cached_property
    def stages(self) -> list[Mapping[str, Any]]:
        """``stages.json``, in the order in which they were fitted."""
        stages = self._json("stages.json", [])
        return [stage for stage in stages if isinstance(stage, Mapping)]

    @cached_property
    def audited(self) -> list[Mapping[str, Any]]:
        """Findings of ``audit.json``."""
        return list(self._mapping("audit.json").get("findings", ()))

    @cached_property
    def told(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Findings of ``doctor.json``, each behind its stage: from before and during training."""
        return [
            (str(stage.get("stage", "")), finding)
            for stage in self._mapping("doctor.json").get("stages", ())
            for when in ("before", "during")
            for finding in stage.get(when, ())
        ]

    @cached_property
    def n_classes(self) -> int | None:
        """Number of emotions; None where numbers are told, or nobody says."""
        names = self._json("labels.json", [])
        return None if (self.path / "targets.json").is_file() else len(names) or None

    @cached_property
    def curves(self) -> tuple[Curves, ...]:
        """Curves of each stage; empty of a training that did not finish."""
        path = self.path / "history.csv"
        return read_curves(path) if path.is_file() else ()

    @cached_property
    def clips(self) -> list[Row]:
        """Rows of ``split.csv``."""
        return self._rows("split.csv")

    @cached_property
    def predictions(self) -> list[Row]:
        """Rows of ``predictions.csv``."""
        return self._rows("predictions.csv")

    def foreign(self, stage: Mapping[str, Any]) -> bool:
        """Whether a stage belongs to a run this one started from, on a corpus elsewhere."""
        if "started_from" not in stage:
            return False
        source = Path(stage["started_from"])
        root = Record(source).facts.get("root") if (source / "config.yaml").is_file() else None
        return root is not None and root != self.facts.get("root")

    def part(self, *parts: str) -> list[Row]:
        """The clips of some parts."""
        return [row for row in self.clips if row.get("part") in parts]

    def _mapping(self, name: str) -> Mapping[str, Any]:
        content = self._json(name, {})
        return content if isinstance(content, Mapping) else {}

    def _json(self, name: str, otherwise: Any) -> Any:
        path = self.path / name
        if not path.is_file():
            return otherwise
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(f"{path}: damaged ({error})") from error

    def _rows(self, name: str) -> list[Row]:
        path = self.path / name
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def column(rows: Sequence[Row], name: str) -> list[str]:
    """One column; empty texts where it is missing."""
    return [row.get(name) or "" for row in rows]
