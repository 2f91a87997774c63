"""Where two trainings part: the first weight, the first cell of a table, the environment."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.errors import RunError

NOT_RECORDED = "source: recorded before the code had a hash: code not compared"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The first place at which a file differs.

    Args:
        file: Name of the file in the run folder.
        place: The variable, or the row and column.
        told: What is there in the one and in the other.
    """

    file: str
    place: str
    told: str


def weights_difference(recorded: Path, again: Path) -> Difference | None:
    """Compare two weight files bit for bit; None if they hold the same.

    Only arrays are read. Nothing in the files is executed.

    Raises:
        RunError: If a file is missing or damaged.
    """
    before, after = _variables(recorded), _variables(again)
    names = sorted({*before, *after})
    apart = [name for name in names if not _same(before.get(name), after.get(name))]
    if not apart:
        return None
    gap = _gap(before.get(apart[0]), after.get(apart[0]))
    return Difference(
        file=recorded.name,
        place=_with_layer(apart[0], recorded if apart[0] in before else again),
        told=f"{gap}; {len(apart)} of {len(names)} variables differ",
    )


def _variables(path: Path) -> dict[str, np.ndarray]:
    """Every array of a weight file, by its path there."""
    import h5py

    found: dict[str, np.ndarray] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item[()])

    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise RunError(f"{path}: missing or damaged ({error})") from error
    return found


def _with_layer(name: str, path: Path) -> str:
    """The path of an array and the name of its layer, which Keras may count on in a process."""
    import h5py

    with h5py.File(path) as file:
        layer = file[name].parent.attrs.get("name")
    return f"{name} ({layer})" if layer else name


def _same(before: np.ndarray | None, after: np.ndarray | None) -> bool:
    if before is None or after is None:
        return False
    shapes = (before.dtype, before.shape) == (after.dtype, after.shape)
    return shapes and before.tobytes() == after.tobytes()


def _gap(before: np.ndarray | None, after: np.ndarray | None) -> str:
    if before is None or after is None:
        return f"only in the {'new' if before is None else 'recorded'} run"
    if (before.dtype, before.shape) != (after.dtype, after.shape):
        return f"{before.dtype} {before.shape} recorded, {after.dtype} {after.shape} now"
    gaps = np.abs(before.astype(np.float64) - after.astype(np.float64))
    return f"{int((before != after).sum())} of {before.size} values, by {np.max(gaps):.3g} at most"


def table_difference(recorded: Path, again: Path, keys: Sequence[str]) -> Difference | None:
    """Compare the recorded columns of two CSV files, row by row; None if they hold the same.

    Args:
        recorded: The recorded table.
        again: The new one.
        keys: Columns that tell a reader which row it is.

    Raises:
        RunError: If a file is missing or damaged.
    """
    for before, after in zip_longest(_rows(recorded), _rows(again)):
        place = ", ".join(f"{key} {(before or after).get(key, 'unknown')}" for key in keys)
        if before is None or after is None:
            told = f"only in the {'new' if before is None else 'recorded'} run"
            return Difference(file=recorded.name, place=place, told=told)
        for column, value in before.items():
            now = after.get(column, "nothing")
            if now != value:
                told = f"{value} recorded, {now} now"
                return Difference(file=recorded.name, place=f"{place}, {column}", told=told)
    return None


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"{path}: missing or damaged ({error})") from error


def environment_differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """What is not as it was: code, libraries, Python, machine.

    Args:
        then: The recorded ``environment.json``.
        now: What ``speechsent.environment.environment`` says.

    Example:
        >>> then = {"source": "0a", "python": "3.12.1", "libraries": {"keras": "3.14.0"}}
        >>> now = {"source": "0a", "python": "3.12.1", "libraries": {"keras": "3.15.1"}}
        >>> environment_differences(then, now)
        ('keras: 3.14.0 then, 3.15.1 now',)
    """
    before, after = _facts(then), _facts(now)
    told = [
        f"{name}: {before.get(name)} then, {value} now"
        for name, value in after.items()
        if before.get(name) != value and (name != "source" or "source" in then)
    ]
    return tuple(told if "source" in then else [NOT_RECORDED, *told])


def _facts(environment: Mapping[str, Any]) -> dict[str, Any]:
    names = ("source", "python", "platform", "processors")
    facts = {name: environment[name] for name in names if name in environment}
    if "source" in facts:
        facts["source"] = str(facts["source"])[:12]
    return facts | dict(environment.get("libraries", {}))
