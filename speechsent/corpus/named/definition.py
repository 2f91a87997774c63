"""Read a protocol from YAML: one that comes with the package, or one's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from speechsent.corpus.named.held_out import (
    EachCorpus,
    EachSpeaker,
    ListedSpeakers,
    RandomClips,
    SentenceGroups,
)
from speechsent.corpus.named.protocol import Protocol
from speechsent.corpus.named.validation import DrawnClips, DrawnOfEachCorpus, DrawnSpeakers
from speechsent.errors import ConfigError, ParameterError
from speechsent.typed import build

HERE = Path(__file__).parent
TEST_RULES = (ListedSpeakers, EachSpeaker, RandomClips, SentenceGroups, EachCorpus)
VALIDATION_RULES = (ListedSpeakers, DrawnSpeakers, DrawnOfEachCorpus, DrawnClips)
TEST = {rule.BY: rule for rule in TEST_RULES}
VALIDATION = {rule.BY: rule for rule in VALIDATION_RULES}


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """Keys of a definition beside its two rules."""

    name: str
    corpus: str = ""
    classes: tuple[str, ...] = ()
    n_clips: int = 0
    summary: str = ""
    trap: str = ""


def protocol_names() -> tuple[str, ...]:
    """Names of the protocols that come with the package, alphabetically.

    Example:
        >>> protocol_names()[:2]
        ('crema-d-tfds', 'cross-corpus')
    """
    return tuple(sorted(path.stem for path in HERE.glob("*.yaml")))


def load_protocol(name_or_path: str | Path) -> Protocol:
    """Return the protocol of that name, or the one written in a ``.yaml`` file.

    Raises:
        ParameterError: If there is no protocol of that name.
        ConfigError: If the file cannot be read or is not a protocol, or takes the name of one
            that comes with the package.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        protocol = _read(path)
        if protocol.name in protocol_names():
            raise ConfigError([f"{protocol.name} is taken; choose another name"], str(path))
        return protocol
    if str(name_or_path) not in protocol_names():
        raise ParameterError(_unknown(str(name_or_path)))
    return _read(HERE / f"{name_or_path}.yaml")


def _unknown(name: str) -> str:
    near = get_close_matches(name, protocol_names(), n=2, cutoff=0.5)
    known = (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(protocol_names())}"
    )
    return f"a protocol is a name or the path of a .yaml file. Received: {name!r}; {known}"


def _read(path: Path) -> Protocol:
    from speechsent.plain_yaml import read_yaml

    raw = read_yaml(path)
    if not isinstance(raw, Mapping):
        raise ConfigError([f"a protocol is a mapping of keys. Received: {raw!r}"], str(path))
    problems: list[str] = []
    rest = {key: value for key, value in raw.items() if key not in ("test", "validation")}
    plain = build(_Plain(name=path.stem), rest, "", problems)
    test = _rule(raw.get("test"), TEST, "test", problems)
    validation = _rule(raw.get("validation"), VALIDATION, "validation", problems)
    if problems:
        raise ConfigError(problems, str(path))
    try:
        return Protocol(test=test, validation=validation, **vars(plain))
    except ParameterError as error:
        raise ConfigError([str(error)], str(path)) from error


def _rule(raw: Any, rules: Mapping[str, type], at: str, problems: list[str]) -> Any:
    """The rule ``by`` names, with its fields; None where something is wrong."""
    fields = dict(raw) if isinstance(raw, Mapping) else {}
    by = fields.pop("by", None)
    if not isinstance(by, str) or by not in rules:
        problems.append(f"{at}.by: expected one of {', '.join(rules)}. Received: {by!r}")
        return None
    return build(rules[by](), fields, at, problems)
