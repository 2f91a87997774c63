"""SHA-256 of audio files, remembered as long as a file's size and times of change stay."""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from speechsent.errors import AudioError

RACY = 2.0  # a file changed this many seconds ago may change again within one tick of its clock

# Size, time of change of the content and of anything else (nanoseconds), hash. The last time alone
# tells when two files of one size, unpacked from one archive, change places.
Known = dict[str, tuple[int, int, int, str]]


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Name the file that cannot be read; one that is gone stays a ``FileNotFoundError``."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = f"cannot be read ({error.strerror or error}); make it readable, or leave it out"
        raise AudioError(path, reason) from error


def file_hashes(paths: Sequence[Path], folder: Path | None = None) -> list[str]:
    """SHA-256 of each file; only files that are new or changed are read.

    Args:
        paths: The files; the same file may occur several times.
        folder: Where hashes are remembered between runs; None remembers nothing.

    Returns:
        Hashes in hex, one a path.

    Raises:
        AudioError: If a file cannot be read; it is an ``OSError``.
        FileNotFoundError: If there is no such file.
    """
    names = [str(path.absolute()) for path in paths]
    memory = _memory_of(names, folder)
    known = _recall(memory)
    fresh: Known = {}
    hashes = []
    for path, name in zip(paths, names, strict=True):
        with _reading(path):
            status = path.stat()
            stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            found = fresh.get(name) or known.get(name)
            if not found or found[:3] != stamp:
                found = (*stamp, sha256(path))
        fresh[name] = found
        hashes.append(found[3])
    merged = known | fresh
    if memory is not None and merged != known:
        _remember(memory, merged)
    return hashes


def _memory_of(names: Sequence[str], folder: Path | None) -> Path | None:
    """One file for each corpus folder, so that corpora do not slow each other down."""
    if folder is None or not names:
        return None
    root = os.path.commonpath({os.path.dirname(name) for name in names})  # noqa: PTH120 - many
    return folder / f"{hashlib.sha256(root.encode()).hexdigest()[:16]}.json"


def _recall(memory: Path | None) -> Known:
    """What is remembered; nothing if the file is missing or damaged."""
    if memory is None:
        return {}
    try:
        raw = json.loads(memory.read_bytes())
        return {name: (int(a), int(b), int(c), str(d)) for name, (a, b, c, d) in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        return {}


def _remember(memory: Path, known: Known) -> None:
    """Write whole or not at all; where that fails, the next run hashes again."""
    newest = time.time_ns() - int(RACY * 1e9)
    settled = {
        name: entry
        for name, entry in known.items()
        if max(entry[1:3]) < newest and Path(name).exists()
    }
    with suppress(OSError):
        memory.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=memory.parent)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(settled, file)
            Path(temporary).replace(memory)
        finally:
            Path(temporary).unlink(missing_ok=True)
