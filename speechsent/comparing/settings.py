"""In which keys two configurations differ."""

from dataclasses import fields, is_dataclass
from typing import Any

from speechsent.config import ExperimentConfig


def differing(first: ExperimentConfig, second: ExperimentConfig) -> dict[str, tuple[Any, Any]]:
    """Both values of every key that differs, under its dotted name.

    Example:
        >>> from dataclasses import replace
        >>> differing(ExperimentConfig(), replace(ExperimentConfig(), seed=7))
        {'seed': (0, 7)}
    """
    ours, theirs = _flat(first), _flat(second)
    return {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs[key]}


def _flat(part: Any, at: str = "") -> dict[str, Any]:
    """Values by dotted key."""
    values: dict[str, Any] = {}
    for name in (field.name for field in fields(part)):
        value = getattr(part, name)
        values |= _flat(value, f"{at}{name}.") if is_dataclass(value) else {at + name: value}
    return values
