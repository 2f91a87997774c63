"""Studies from YAML: a base, and what each system changes in it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from speechsent import config as configuration
from speechsent.config import ExperimentConfig
from speechsent.errors import ConfigError, ParameterError
from speechsent.overrides import merge, nest, nested
from speechsent.plain_yaml import read_yaml
from speechsent.presets import read_preset
from speechsent.study.plan import HOW, Combination, Study, System
from speechsent.study.search import read_search

KEYS = (
    "name",
    "protocol",
    "folds",
    "seeds",
    "order",
    "preset",
    "base",
    "systems",
    "factors",
    "combine",
    "reference",
    "search",
)
RESERVED = ("seed", "split.protocol", "split.fold")  # the study itself decides these


def load_study(path: Path, overrides: Sequence[str] = (), preset: str | None = None) -> Study:
    """Read a study.

    Args:
        path: The YAML file.
        overrides: ``section.key=value`` for the configuration all systems start from.
        preset: Preset that configuration starts from, in place of the study's own.

    Raises:
        ConfigError: If anything is unknown, mistyped or out of range.
    """
    raw = read_yaml(path)
    if isinstance(raw, dict):
        base = _changes(raw.get("base"), "base", str(path))
        for override in overrides:
            base = merge(base, nest(override))
        raw = {"name": path.stem, **raw, "base": base}
        raw |= {"preset": preset} if preset else {}
    return study_from_dict(raw, source=str(path))


def study_from_dict(raw: Any, *, source: str = "study") -> Study:
    """Build a study from nested mappings, as YAML gives them.

    Raises:
        ConfigError: If anything is unknown, mistyped or out of range.
    """
    if not isinstance(raw, Mapping):
        raise ConfigError(["expected a mapping of keys"], source)
    unknown = [f"{key}: unknown key; known are {', '.join(KEYS)}" for key in raw if key not in KEYS]
    if "systems" in raw and "factors" in raw:
        unknown.append("systems and factors are two ways to say the same; give one")
    if unknown:
        raise ConfigError(unknown, source)
    base = _base(raw, source)
    variants = _variants(raw, source)
    systems = tuple(
        System(name=name, config=_resolved(base, changes, f"{source}: {name}"))
        for name, changes in variants.items()
    )
    parts: dict[str, Any] = {
        "folds": _numbers(raw.get("folds", []), "folds", source),
        "seeds": _numbers(raw.get("seeds", [0]), "seeds", source),
        "combinations": _combinations(raw.get("combine") or {}, source),
        "search": read_search(raw["search"], tuple(variants), source) if "search" in raw else None,
    }
    try:
        return Study(
            name=str(raw.get("name", "")),
            protocol=str(raw.get("protocol") or ""),
            systems=systems,
            reference=str(raw.get("reference") or ""),
            order=raw.get("order", "systems"),
            **parts,
        )
    except ConfigError as error:  # a study does not know its file
        raise ConfigError(error.problems, source) from error


def _base(raw: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """What all systems start from: a preset, if one is named, and the study's changes to it."""
    changes = _changes(raw.get("base"), "base", source)
    if not raw.get("preset"):
        return changes
    try:
        settings = read_preset(str(raw["preset"])).settings
    except ParameterError as error:
        raise ConfigError([f"preset: {error}"], source) from error
    base: Mapping[str, Any] = merge(settings, changes)
    return base


def _variants(raw: Mapping[str, Any], source: str) -> dict[str, Mapping[str, Any]]:
    """What each system changes in the base, by name."""
    systems, factors = raw.get("systems"), raw.get("factors")
    if not (systems or factors) or not isinstance(systems or factors, Mapping):
        raise ConfigError(["systems or factors: expected a mapping of names"], source)
    if systems:
        return {
            str(name): _changes(value, f"systems.{name}", source) for name, value in systems.items()
        }
    levels = [_levels(str(factor), values, source) for factor, values in factors.items()]  # type: ignore[union-attr]
    found: dict[str, Mapping[str, Any]] = {}
    for chosen in itertools.product(*(level.items() for level in levels)):
        changes: Mapping[str, Any] = {}
        for _, change in chosen:
            changes = merge(changes, change)
        found[", ".join(name for name, _ in chosen)] = changes
    return found


def _levels(factor: str, values: Any, source: str) -> dict[str, Mapping[str, Any]]:
    """Levels of a factor: named changes, or values of one key of the configuration."""
    if isinstance(values, Mapping):
        return {str(n): _changes(v, f"factors.{factor}.{n}", source) for n, v in values.items()}
    if isinstance(values, list) and values:
        key = factor.rpartition(".")[2]
        return {f"{key} {value}": nested(factor, value) for value in values}
    raise ConfigError([f"factors.{factor}: expected values, or named changes"], source)


def _changes(value: Any, where: str, source: str) -> Mapping[str, Any]:
    """``{"fit.epochs": 3}`` or ``{"fit": {"epochs": 3}}`` to the latter."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError([f"{where}: expected keys of the configuration"], source)
    changes: Mapping[str, Any] = {}
    for dotted, inner in value.items():
        changes = merge(changes, nested(str(dotted), inner))
    return changes


def _resolved(base: Any, changes: Mapping[str, Any], source: str) -> ExperimentConfig:
    raw = merge(base, changes)
    taken = [dotted for dotted in RESERVED if _has(raw, dotted)]
    if taken:
        raise ConfigError([f"{taken[0]}: the study's own protocol, folds and seeds decide"], source)
    return configuration.from_dict(raw, source=source)


def _has(raw: Any, dotted: str) -> bool:
    for key in dotted.split("."):
        if not isinstance(raw, Mapping) or key not in raw:
            return False
        raw = raw[key]
    return True


def _numbers(values: Any, key: str, source: str) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(value) is int for value in values):
        raise ConfigError(
            [f"{key}: expected a list of whole numbers. Received: {values!r}"], source
        )
    return tuple(values)


def _combinations(raw: Any, source: str) -> tuple[Combination, ...]:
    if not isinstance(raw, Mapping):
        raise ConfigError(["combine: expected a mapping of names"], source)
    found = []
    for name, value in raw.items():
        if not isinstance(value, Mapping) or set(value) != {"how", "of"}:
            raise ConfigError([f"combine.{name}: expected the keys how and of"], source)
        how = next((known for known in HOW if known == value["how"]), None)
        if how is None or not isinstance(value["of"], list):
            raise ConfigError(
                [f"combine.{name}: how is one of {', '.join(HOW)}, of a list of systems"], source
            )
        found.append(Combination(name=str(name), how=how, of=tuple(map(str, value["of"]))))
    return tuple(found)


def with_numbers(study: Study, folds: str | None, seeds: str | None) -> Study:
    """The study with other folds or seeds, given as ``"0,1"``; None leaves its own.

    Raises:
        ConfigError: If they are not whole numbers.
    """
    chosen = numbers(folds, "--folds")
    study = study if chosen is None else replace(study, folds=chosen)
    chosen = numbers(seeds, "--seeds")
    return study if chosen is None else replace(study, seeds=chosen)


def numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """``"0,1"`` to ``(0, 1)``; None stays None.

    Raises:
        ConfigError: If they are not whole numbers.
    """
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise ConfigError([f"whole numbers with commas. Received: {text!r}"], option) from error
