"""Settings as mappings within mappings: written as texts, and laid over one another."""

from collections.abc import Mapping
from typing import Any

import yaml

from speechsent.errors import ConfigError
from speechsent.plain_yaml import parse


def nest(override: str) -> Any:
    """``"fit.epochs=3"`` to ``{"fit": {"epochs": 3}}``."""
    dotted, equals, text = override.partition("=")
    if not equals or not dotted:
        raise ConfigError([f"an override is written section.key=value. Received: {override!r}"])
    try:
        value = parse(text) if text else ""
    except yaml.YAMLError as error:
        raise ConfigError([f"{dotted}: the value is not YAML. Received: {text!r}"]) from error
    return nested(dotted, value)


def nested(dotted: str, value: Any) -> dict[str, Any]:
    """A value under a dotted key, as mappings within mappings.

    Example:
        >>> nested("fit.epochs", 3)
        {'fit': {'epochs': 3}}
    """
    for key in reversed(dotted.split(".")):
        value = {key: value}
    mapping: dict[str, Any] = value
    return mapping


def merge(base: Any, extra: Any) -> Any:
    """Merge mappings key by key; anything else is replaced by ``extra``."""
    if isinstance(base, Mapping) and isinstance(extra, Mapping):
        return {**base, **{key: merge(base.get(key), value) for key, value in extra.items()}}
    return extra
