"""Names of systems as names of folders."""

import hashlib
import re

# Beside it the name of a folder holds fold, seed, digest, and, while it is trained, a machine and
# a process; file systems allow 255 bytes.
LONGEST = 120


def plain(system: str) -> str:
    """A system's name without what names of folders cannot have.

    Example:
        >>> plain("cnn, wide")
        'cnn-wide'
    """
    return re.sub(r"[^\w.+=-]+", "-", system)


def bounded(system: str) -> str:
    """The plain name; of a long one its beginning, with a digest that no other system has.

    Example:
        >>> bounded("cnn, wide"), len(bounded("wide" * 100))
        ('cnn-wide', 120)
    """
    name = plain(system)
    return name if len(name.encode()) <= LONGEST else _with_digest(name, system)


def distinct(system: str) -> str:
    """The name if it is plain and short; else one with a digest that no other system has.

    Example:
        >>> distinct("cnn"), distinct("cnn, wide") == distinct("cnn wide")
        ('cnn', False)
    """
    name = plain(system)
    return name if name == system and name == bounded(name) else _with_digest(name, system)


def _with_digest(name: str, system: str) -> str:
    digest = hashlib.sha256(system.encode()).hexdigest()[:8]
    beginning = name.encode()[: LONGEST - len(digest) - 1].decode(errors="ignore")
    return f"{beginning}-{digest}"
