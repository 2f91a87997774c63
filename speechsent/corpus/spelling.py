"""Names that look the same are the same."""

import re
from unicodedata import normalize

# What tables hold where nothing is known. Not "na", which may be somebody's initials.
MISSING = frozenset({"nan", "none", "null", "unknown", "n/a", "<na>", "?"})
WHOLE = re.compile(r"(\d+)\.0+")


def composed(name: str) -> str:
    r"""The name with letters and their accents as one character, which macOS takes apart in files.

    Example:
        >>> len("Jose\u0301"), len(composed("Jose\u0301"))
        (5, 4)
    """
    return normalize("NFC", name)


def name_in(cell: str) -> str:
    """The name a cell of a table tells; empty where it says in a word that none is known.

    Example:
        >>> name_in(" eve"), name_in("2.0"), name_in("NaN")
        ('eve', '2', '')
    """
    name = composed(cell.strip())
    whole = WHOLE.fullmatch(name)  # pandas makes 2.0 of 2 in a column with gaps
    return "" if name.casefold() in MISSING else whole[1] if whole else name


def spelled_alike(speaker: str) -> str:
    """What all spellings of one speaker have in common, whatever the case and leading zeros.

    Example:
        >>> spelled_alike("Anna"), spelled_alike("ravdess/01")
        ('anna', 'ravdess/1')
    """
    corpus, slash, name = speaker.casefold().rpartition("/")
    return f"{corpus}{slash}{(name.lstrip('0') or '0') if name.isdecimal() else name}"
