"""From nested mappings to frozen dataclasses: strict types, and all problems at once."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from math import isfinite
from reprlib import Repr
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from speechsent.errors import ParameterError

LARGEST = 2**63 - 1  # of whole numbers; nothing that is counted here comes near it
LONGEST = 80  # characters of a text that a message repeats
SHORT = Repr()
SHORT.maxstring = SHORT.maxlong = SHORT.maxother = LONGEST
SHORT.maxlist = SHORT.maxtuple = SHORT.maxdict = SHORT.maxset = 8
SHORT.maxlevel = 2


def shown(value: object) -> str:
    """A value as messages repeat it: in one line, and not too long.

    Example:
        >>> shown("a" * 100)
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
    """
    return SHORT.repr(value)


def build(default: Any, raw: Any, at: str, problems: list[str]) -> Any:
    """Replace fields of a dataclass, and of those inside it, by the values of a mapping.

    Args:
        default: An instance; it says which fields exist, and their types.
        raw: Nested mappings, as YAML reads them.
        at: Name of the section in messages; empty at the top.
        problems: What is unknown, mistyped or out of range is appended here.

    Returns:
        The new instance, or ``default`` where something is wrong.
    """
    if not isinstance(raw, Mapping):
        problems.append(
            f"{at or 'configuration'}: expected a section of keys. Received: {shown(raw)}"
        )
        return default
    hints = get_type_hints(type(default))
    known = {f.name: getattr(default, f.name) for f in fields(default)}
    values = dict(known)
    before = len(problems)
    for key, value in raw.items():
        where = f"{at}.{_name(key)}".lstrip(".")
        if key not in known:
            problems.append(f"{where}: unknown key; {_suggest(_name(key), at, known)}")
        elif is_dataclass(known[key]):
            values[key] = build(known[key], value, where, problems)
        else:
            values[key] = _typed(value, hints[key], where, problems)
    if len(problems) > before:
        return default
    try:
        return replace(default, **values)
    except ParameterError as error:
        problems.append(f"{at}: {error}" if at else str(error))
        return default


def _name(key: object) -> str:
    """A key as messages tell it: in one line, and not too long."""
    text = str(key)
    return text if text.isprintable() and len(text) <= LONGEST else shown(text)


def _suggest(key: str, at: str, known: Mapping[str, Any]) -> str:
    """The same key in the section that was forgotten, or the nearest right key here."""
    sections = {} if at else {name: part for name, part in known.items() if is_dataclass(part)}
    near = [
        f"{section}.{key}"
        for section, part in sections.items()
        if key in {f.name for f in fields(part)}
    ] or get_close_matches(key, known, n=2)
    return f"did you mean {' or '.join(near)}?" if near else f"known keys: {', '.join(known)}"


def _typed(value: Any, hint: Any, at: str, problems: list[str]) -> Any:
    """Return ``value`` if it has the type ``hint``; only int to float and list to tuple change."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    for option in options:
        fits, converted = _convert(value, option)
        if fits:
            return converted
    wanted = " or ".join(_describe(option) for option in options)
    problems.append(f"{at}: expected {wanted}. Received: {shown(value)}{_remedy(value, options)}")
    return value


def _remedy(value: Any, options: Sequence[Any]) -> str:
    """How it is written so that YAML reads what was meant."""
    if float in options and _looks_like_number(value):
        return "; write 1.0e-3, not 1e-3"
    if isinstance(value, Mapping) and any(type(key) is not str for key in value):
        return "; write names in quotes, once each"
    return ""


def _convert(value: Any, hint: Any) -> tuple[bool, Any]:
    origin = get_origin(hint)
    if origin is Literal:
        return value in get_args(hint), value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            return False, value
        kind = get_args(hint)[0]
        if kind is str:  # a speaker named 2 is a name all the same
            value = [str(item) if type(item) is int else item for item in value]
        items = [_convert(item, kind) for item in value]
        return all(fits for fits, _ in items), tuple(item for _, item in items)
    if origin is not None:  # a mapping of names to names
        fits = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
        # a folder named 2 is one, but not what YAML makes of one named no; nor is 2 there twice
        fits = fits and all(type(k) in (str, int) for k in value)
        fits = fits and len({str(k) for k in value}) == len(value)
        return fits, {str(k): v for k, v in value.items()} if fits else value
    if hint is float:
        fits = (type(value) is float and isfinite(value)) or _is_whole(value)
        return fits, float(value) if fits else value
    if hint is str and value is None:  # `--set cnn.unfreeze=` and the YAML word null
        return False, value
    if hint is NoneType:
        return value is None, value
    if hint is int:
        return _is_whole(value), value
    return type(value) is hint, value


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= LARGEST


def _describe(hint: Any) -> str:
    origin = get_origin(hint)
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(hint)))
    if origin is tuple:
        return f"a list of {_describe(get_args(hint)[0])}"
    if origin is not None:
        return "a mapping of names"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return words.get(hint, "nothing")


def _looks_like_number(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return isfinite(float(value))
    except ValueError:
        return False
