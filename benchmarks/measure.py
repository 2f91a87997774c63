"""What all benchmarks share: interleaved medians of CPU time, one table, one JSON file."""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from speechsent.corpus.default import builtin_folder

RAVDESS = Path(__file__).parents[2] / "shared" / "data" / "ravdess"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure.

    Args:
        name: Key in the JSON file; empty for a row without a goal.
        what: What was measured, in words.
        value: The figure.
        at_least: Goal that must be reached.
        at_most: Goal that must not be exceeded.
    """

    name: str = ""
    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The goal in signs; empty if there is none."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"

    @property
    def met(self) -> str:
        """Whether the goal is met; empty if there is none."""
        if self.at_least is not None:
            return "yes" if self.value >= self.at_least else "no"
        if self.at_most is not None:
            return "yes" if self.value <= self.at_most else "no"
        return ""


def arguments(description: str | None, *paths: str) -> argparse.Namespace:
    """Read ``--json`` and ``--rounds`` from the command line, behind paths of these names."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for path in paths:
        parser.add_argument(path, type=Path)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each side")
    return parser.parse_args()


def cpu_seconds(call: Callable[[], object]) -> float:
    """CPU time of a call, all threads of this process included."""
    start = time.process_time()
    call()
    return time.process_time() - start


def interleaved(
    sides: Mapping[str, Callable[[], float]], rounds: int, *, discard: int = 1
) -> dict[str, float]:
    """Median of each side, all of them measured in turn.

    Args:
        sides: By name, what measures a side once.
        rounds: Measurements of each side.
        discard: Rounds before those, thrown away: the first call of anything costs more.
    """
    rows = [{name: side() for name, side in sides.items()} for _ in range(discard + rounds)]
    return {name: statistics.median(row[name] for row in rows[discard:]) for name in sides}


def report(figures: Sequence[Figure], file: Path | None) -> None:
    """Print the table, and write the named figures as JSON."""
    width = max(len(figure.what) for figure in figures)
    print(f"{'what':<{width}}  {'measured':>9}  {'goal':>8}  met")
    for figure in figures:
        row = f"{figure.what:<{width}}  {figure.value:>9.3g}  {figure.goal:>8}  {figure.met}"
        print(row.rstrip())
    if file is not None:
        named = {figure.name: figure.value for figure in figures if figure.name}
        file.write_text(json.dumps(named, indent=2) + "\n", encoding="utf-8")


def recordings() -> Path:
    """RAVDESS where this machine has it (``SPEECHSENT_RAVDESS``), else the built-in corpus."""
    root = Path(os.environ.get("SPEECHSENT_RAVDESS", RAVDESS))
    return root if root.is_dir() else builtin_folder()
