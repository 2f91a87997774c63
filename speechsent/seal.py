"""The seal of a finished run: what it was made of is what is read later, or an error.

It finds what changed by accident. It is no signature: who means harm can seal a folder again,
so what is read is checked for what it can do as well.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from speechsent.corpus.hashes import sha256
from speechsent.errors import RunError

FILES, DIGEST = "files", "digest"  # keys in run.json
OPEN = (DIGEST, "root")  # keys that may change: a corpus may be moved


def sealed(folder: Path, names: Iterable[str], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with the SHA-256 of the files that decide the answers, and one of their own.

    Args:
        folder: Where the files are.
        names: Which files; those that are not there may not appear later.
        facts: What else ``run.json`` tells.
    """
    files = {name: _hash(folder / name) for name in names}
    whole = {**facts, FILES: files}
    return {**whole, DIGEST: _digest(whole)}


def check_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """Refuse facts that are not those that were sealed; older runs have no seal.

    Raises:
        RunError: If a fact was changed, or one half of the seal is gone.
    """
    if FILES not in facts and DIGEST not in facts:
        return
    if facts.get(DIGEST) != _digest(facts) or not isinstance(facts.get(FILES), Mapping):
        raise RunError(f"{path}: changed since the run was finished; restore it, or train again")


def check_file(path: Path, facts: Mapping[str, Any]) -> None:
    """Refuse a file that is not the one that was sealed.

    Raises:
        RunError: If it was changed, is gone, or was not there.
    """
    files = facts.get(FILES, {})
    if path.name not in files:  # an older run
        return
    try:
        found = _hash(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror})") from error
    if found != files[path.name]:
        raise RunError(f"{path}: changed since the run was finished; restore it, or train again")


def _hash(path: Path) -> str | None:
    """SHA-256 of a file; None if there is none, and that is sealed as well."""
    return sha256(path) if path.is_file() else None


def _digest(facts: Mapping[str, Any]) -> str:
    kept = {key: value for key, value in facts.items() if key not in OPEN}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
