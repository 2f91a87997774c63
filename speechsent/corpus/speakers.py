"""Find the speaker a user means."""

from collections.abc import Collection
from difflib import get_close_matches

from speechsent.errors import CorpusError, some


def find_speaker(name: str, speakers: Collection[str]) -> str:
    """Return the one speaker called ``name``: in full, without the corpus, or by number.

    Raises:
        CorpusError: If no speaker is called so, or several are.

    Example:
        >>> find_speaker("2", ["ravdess/01", "ravdess/02"])
        'ravdess/02'
    """
    exact = [s for s in speakers if name in (s, _short(s))]
    fitting = exact or [s for s in speakers if name.isdecimal() and _number(s) == int(name)]
    if len(fitting) == 1:
        return fitting[0]
    near = fitting or _nearest(name, speakers) or sorted(speakers)
    raise CorpusError(f"no single speaker is called {name!r}; there is {some(near)}")


def _short(speaker: str) -> str:
    """The speaker's name without the corpus."""
    return speaker.rpartition("/")[2]


def _number(speaker: str) -> int | None:
    short = _short(speaker)
    return int(short) if short.isdecimal() else None


def _nearest(name: str, speakers: Collection[str]) -> list[str]:
    full = {_short(s): s for s in speakers} | {s: s for s in speakers}
    return [full[near] for near in get_close_matches(name, full, n=3)]
