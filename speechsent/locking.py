"""Locks between processes, which the system itself takes from a process that dies."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from speechsent.errors import LockedError

PATIENCE = 60.0  # seconds; what waits is held for the length of a small file
PAUSE = 0.02


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold a lock file for the length of the block.

    Args:
        path: The file; it is made if needed, and stays.

    Yields:
        Its descriptor.

    Raises:
        LockedError: If another process holds it, or this one already does.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LockedError(os.read(handle, 200).decode(errors="replace")) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def locked_patiently(path: Path) -> Iterator[None]:
    """Hold a lock file for the length of the block, as soon as it is free.

    Args:
        path: The file; it is made, and is gone at the end.

    Raises:
        LockedError: If others hold it for longer than anybody should.
    """
    end = time.monotonic() + PATIENCE
    with ExitStack() as held:
        while not _taken(path, held):
            if time.monotonic() > end:
                raise LockedError("another process")
            time.sleep(PAUSE)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)  # while it is held: who waits for it notices


def _taken(path: Path, held: ExitStack) -> bool:
    """Whether the lock is held now, and its file is still the one others will find."""
    try:
        handle = held.enter_context(locked(path))
        return os.path.samestat(os.fstat(handle), path.stat())
    except (LockedError, FileNotFoundError):
        return False
