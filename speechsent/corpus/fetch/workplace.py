"""A hidden folder beside the one that is to appear, for one process at a time."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speechsent.errors import CorpusError

UNPACKED = "unpacked"  # what is made anew by each call, and so never kept
LOCK = "lock"


def check_free(folder: Path) -> None:
    """Refuse a folder that has something in it already.

    Raises:
        CorpusError: If it has, or is a file.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise CorpusError(f"{folder}: exists already; name a new folder, or move it away")


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """``.FOLDER.fetch`` beside ``folder``.

    What has arrived outlives an error, so that a further call goes on.

    Raises:
        CorpusError: If it cannot be made, or another process works in it.
    """
    place = folder.absolute().parent / f".{folder.absolute().name}.fetch"
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = (place / LOCK).open("w")
    except OSError as error:
        raise CorpusError(f"{place}: cannot be written ({error.strerror})") from error
    with lock:
        _hold(lock.fileno(), place)
        try:
            yield place
        except BaseException:
            _keep_what_helps(place)
            raise
    shutil.rmtree(place)


def _keep_what_helps(place: Path) -> None:
    """Nothing stays of a call behind which nothing has arrived."""
    shutil.rmtree(place / UNPACKED, ignore_errors=True)
    if [path.name for path in place.iterdir()] == [LOCK]:
        shutil.rmtree(place)


def _hold(descriptor: int, place: Path) -> None:
    """Lock the open file until it is closed, also by a kill; where the system has such locks."""
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CorpusError(f"{place}: another process is fetching into this folder") from error


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that exists."""
    return shutil.disk_usage(folder).free
