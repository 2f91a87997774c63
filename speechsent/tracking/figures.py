"""What a run folder has to tell, as the plain names and numbers that trackers keep."""

import csv
import re
from collections.abc import Iterator, Mapping
from typing import Any

from speechsent.plain_yaml import read_yaml
from speechsent.run import Run
from speechsent.run_records import SCORES, table_of
from speechsent.training.callbacks import FIGURES

TOLD = ("protocol", "protocol_hash", "fold", "split_hash", "speaker_disjoint", "leaky", "note")
LONGEST = 5000  # characters of a value; MLflow keeps no more than 6000


def parameters(run: Run) -> dict[str, str]:
    """The resolved configuration, flat.

    Returns:
        Values by dotted key, such as ``fit.learning_rate``.
    """
    return dict(_flat(read_yaml(run.path / "config.yaml") or {}))


def tags(run: Run) -> dict[str, str]:
    """What must be known of a finished run before its numbers are believed."""
    facts = run.facts | {"note": _scored(run).get("note", run.facts.get("note", ""))}
    return {name: str(facts.get(name, ""))[:LONGEST] for name in TOLD}


def epochs(run: Run) -> Iterator[tuple[str, int, dict[str, float]]]:
    """Stage, epoch from 1, and figures of every epoch in ``history.csv``."""
    with (run.path / "history.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            told = {name: float(row[name]) for name in FIGURES if row.get(name)}
            yield row["stage"], int(row["epoch"]), told


def results(run: Run) -> dict[str, float]:
    """The score it was chosen by, the epochs that were kept, and the scores of the test part.

    Returns:
        Numbers by name: ``test/uar`` with ``test/uar_low`` and ``test/uar_high``, and so on.
    """
    chosen = {f"validation/{run.score}": run.facts[f"validation_{run.score}"]}
    kept = {f"{s['stage']}/best_epoch": s["best_epoch"] for s in run.read_json("stages.json")}
    return chosen | kept | _scores(_scored(run))


def name_of(text: str) -> str:
    """A name with only the characters that trackers take in names.

    Example:
        >>> name_of("test/recall/very (angry)")
        'test/recall/very _angry_'
    """
    return re.sub(r"[^\w/.\- ]", "_", text)


def _scored(run: Run) -> dict[str, Any]:
    """The scores of the test part; nothing if it was not looked at."""
    return table_of(run, SCORES) or {}


def _scores(scores: Mapping[str, Any]) -> dict[str, float]:
    told = _with_intervals("test", scores)
    if "n" in scores:
        told["test/n"] = scores["n"]
    for emotion, row in scores.get("recall", {}).items():
        if row["recall"] is not None:
            told[f"test/recall/{emotion}"] = row["recall"]
    for target, row in scores.get("targets", {}).items():
        told |= _with_intervals(f"test/{target}", row)
    if linear := scores.get("linear"):
        told["test/linear/uar"] = linear["uar"]
    return told


def _with_intervals(prefix: str, scores: Mapping[str, Any]) -> dict[str, float]:
    """The scores that have an interval, and its ends."""
    told = {}
    for name, value in scores.items():
        interval = scores.get(f"{name}_interval")
        if interval is not None:
            told[f"{prefix}/{name}"] = value
            told[f"{prefix}/{name}_low"] = interval["low"]
            told[f"{prefix}/{name}_high"] = interval["high"]
    return told


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)[:LONGEST]
