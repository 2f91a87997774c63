"""Locks between processes, which the system itself takes from a process that dies."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speechsent.errors import LockedError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file for the length of the block.

    Args:
        path: The file; it is made if needed, and stays.

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
        yield
    finally:
        os.close(handle)
