"""Where published corpora come from, under which terms, and what they hold."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from speechsent.errors import ConfigError, ParameterError
from speechsent.typed import build

TABLE = Path(__file__).parent / "sources.yaml"


@dataclass(frozen=True, kw_only=True)
class Source:
    """A published corpus.

    Args:
        name: Short name, as in ``Corpus.name``.
        title: Full name.
        language: What is spoken.
        n_clips: Clips as published.
        n_speakers: Speakers as published.
        hours: Duration in hours, rounded.
        classes: Canonical emotions.
        licence: Name of the licence, or the terms in a sentence.
        licence_url: Where to read it.
        citation: What to cite.
        page: Home of the corpus.
        protocol: The named protocol to start with.
        file: Name of the archive; also of its copy on a mirror.
        url: Address of the archive; None if it must be got by hand.
        bytes: Published size of the archive; None if there is none.
        checksum: Published hash, ``md5:…`` or ``sha256:…``; None if there is none.
        needs: Room on the disk for the archive and the clips in bytes, rounded up.
        unpacked: Bytes it may unpack to at most.
        keep: Patterns of the members that are unpacked.
        pointed: Address below which files lie that the archive only points to; empty if none.
    """

    name: str = ""
    title: str = ""
    language: str = ""
    n_clips: int = 0
    n_speakers: int = 0
    hours: float = 0.0
    classes: tuple[str, ...] = ()
    licence: str = ""
    licence_url: str = ""
    citation: str = ""
    page: str = ""
    protocol: str = ""
    file: str = ""
    url: str | None = None
    bytes: int | None = None
    checksum: str | None = None
    needs: int = 0
    unpacked: int = 0
    keep: tuple[str, ...] = ("*",)
    pointed: str = ""


@cache
def sources() -> dict[str, Source]:
    """All corpora of the table, by name.

    Example:
        >>> ", ".join(sources())
        'ravdess, crema-d, savee, tess, emodb, nemo'
    """
    import yaml

    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    problems: list[str] = []
    found = {name: build(Source(name=name), raw, name, problems) for name, raw in table.items()}
    if problems:
        raise ConfigError(problems, str(TABLE))
    return found


def source(name: str) -> Source:
    """The corpus of that name.

    Raises:
        ParameterError: If the table has none.
    """
    if name not in sources():
        near = get_close_matches(name.lower(), sources(), n=1)
        known = f"did you mean {near[0]}?" if near else f"there are {', '.join(sources())}"
        raise ParameterError(f"a corpus is fetched by its name. Received: {name!r}; {known}")
    return sources()[name]
