"""Whether what was read from a file has the types it had when it was written."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from math import isfinite
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from speechsent.errors import ParameterError
from speechsent.typed import shown


def check_types(instance: Any) -> None:
    """Refuse a dataclass whose fields, at any depth, do not hold what they are declared to hold.

    Whole numbers may stand for fractions, and lists for tuples, as JSON has them.

    Raises:
        ParameterError: If one does not; its name is told.
    """
    hints = get_type_hints(type(instance))
    for field in fields(instance):
        value = getattr(instance, field.name)
        if not _fits(value, hints[field.name]):
            raise ParameterError(f"{field.name} is not what it should be. Received: {shown(value)}")


def is_number(value: object) -> bool:
    """Whether a value is a number that can be shown and compared."""
    return isinstance(value, int | float) and type(value) is not bool and isfinite(value)


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, option) for option in inner)
    if origin is tuple:
        return isinstance(value, tuple | list) and all(_fits(item, inner[0]) for item in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(
            isinstance(key, str) and _fits(item, inner[1]) for key, item in value.items()
        )
    if is_dataclass(hint):
        return type(value) is hint and all(
            _fits(getattr(value, name), kind) for name, kind in get_type_hints(hint).items()
        )
    if hint is float:
        return is_number(value)
    return type(value) is hint
