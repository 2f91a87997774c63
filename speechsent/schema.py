"""A JSON schema of the configuration, made of its dataclasses and their docstrings."""

import inspect
import re
import textwrap
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

DRAFT = "http://json-schema.org/draft-07/schema#"  # the one editors know best
PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}


def schema_of(default: Any) -> dict[str, Any]:
    """The schema of a YAML file of what differs from a configuration.

    Args:
        default: An instance of a dataclass of values and of other such dataclasses.

    Returns:
        A JSON schema, draft 7: every key with type, default and its line of the docstring.
    """
    return {"$schema": DRAFT, "title": "speechsent configuration", **_section(default)}


def _section(default: Any) -> dict[str, Any]:
    """A section of keys; no other key is allowed."""
    hints = get_type_hints(type(default))
    texts = _arguments(type(default))
    keys = {}
    for field in fields(default):
        value = getattr(default, field.name)
        keys[field.name] = (
            _section(value) if is_dataclass(value) else _key(hints[field.name], value)
        )
        if field.name in texts:
            keys[field.name]["description"] = texts[field.name]
    return {
        "type": "object",
        "description": _summary(type(default)),
        "additionalProperties": False,
        "properties": keys,
    }


def _key(hint: Any, default: Any) -> dict[str, Any]:
    return {**_type(hint), "default": list(default) if isinstance(default, tuple) else default}


def _type(hint: Any) -> dict[str, Any]:
    """The type of one value, as strict as :mod:`speechsent.typed` is."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return {"anyOf": [_type(option) for option in get_args(hint)]}
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin is tuple:
        item = get_args(hint)[0]
        # a speaker named 2 is a name all the same
        return {"type": "array", "items": {"type": ["string", "integer"]} if item is str else
                _type(item)}  # fmt: skip
    if origin is not None:  # a mapping of names to names
        return {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": PLAIN[hint]}


def _summary(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _arguments(kind: type) -> Mapping[str, str]:
    """What the section ``Args:`` of a docstring says of each field."""
    doc = inspect.getdoc(kind) or ""
    found = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", doc, re.MULTILINE | re.DOTALL)
    if not found:
        return {}
    entries = re.split(r"^(?=\w+: )", textwrap.dedent(found[1]), flags=re.MULTILINE)
    pairs = (entry.partition(": ") for entry in entries if entry.strip())
    return {name: " ".join(text.replace("``", "`").split()) for name, _, text in pairs}
