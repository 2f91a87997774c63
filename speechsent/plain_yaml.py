"""YAML as data and nothing else: no objects, no key twice, no small text that grows large."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from speechsent.errors import ConfigError

MAX_CHARACTERS = 1 << 18
MAX_VALUES = 20_000  # after every alias was replaced by what it stands for
LONG = 50  # characters of a text that count as another value
MAX_DEPTH = 20
MERGE = "tag:yaml.org,2002:merge"  # the key <<
WHOLE = "tag:yaml.org,2002:int"
# YAML 1.1 reads 010 as eight and 1:30 as ninety; who writes so names a speaker, a folder or a time.
WHOLE_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0b[01_]+|0x[0-9a-fA-F_]+)$")


class _Loader(yaml.SafeLoader):
    """The safe subset, in which a key stands once and whole numbers are what they seem."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in rules if tag != WHOLE]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping from a node.

        Raises:
            yaml.YAMLError: If a key occurs twice; YAML would take the last one silently.
        """
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            if key_node.tag == MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                continue  # refused below
            if key in seen:
                raise yaml.YAMLError(f"the key {str(key)[:50]!r} is there twice")
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(WHOLE, WHOLE_NUMBER, list("-+0123456789"))


def parse(text: str) -> Any:
    """Whatever a text in YAML says: mappings, lists, texts, numbers, true, false, null.

    Raises:
        yaml.YAMLError: If it is no YAML, has tags or a key twice, or is too large or too deep.
    """
    if len(text) > MAX_CHARACTERS:
        raise yaml.YAMLError(f"longer than {MAX_CHARACTERS} characters")
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, ())
        return loader.construct_document(node)
    except RecursionError as error:
        raise yaml.YAMLError(f"nested deeper than {MAX_DEPTH} levels") from error
    except (ValueError, OverflowError, LookupError, AttributeError) as error:
        raise yaml.YAMLError(f"a value that cannot be ({error})") from error
    finally:
        loader.dispose()


def read_yaml(path: Path) -> Any:
    """Whatever a YAML file holds, by :func:`parse`.

    Raises:
        ConfigError: If it is missing, or no text, or no YAML.
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(["no such file"], str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"cannot be read as text ({error})"], str(path)) from error
    except yaml.YAMLError as error:
        raise ConfigError([" ".join(f"not YAML: {error}".split())], str(path)) from error


def _measure(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """Values below a node, and itself; what an alias stands for counts each time."""
    if id(node) in known:
        return known[id(node)]
    if id(node) in above or len(above) > MAX_DEPTH:
        raise yaml.YAMLError(f"nested deeper than {MAX_DEPTH} levels")
    size = 1 + len(node.value) // LONG if isinstance(node, yaml.ScalarNode) else 1
    for child in _children(node):
        size += _measure(child, known, (*above, id(node)))
        if size > MAX_VALUES:
            raise yaml.YAMLError(f"more than {MAX_VALUES} values")
    known[id(node)] = size
    return size


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []
