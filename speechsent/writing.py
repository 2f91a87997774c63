"""Files that appear whole or not at all, and stay when the power fails."""

import errno
import os
import resource
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from speechsent.errors import SaveError, SpeechsentError

UNFINISHED = ".writing-"  # how names of files begin that are not whole yet
ENDING = 32  # letters of a name that such a one keeps: the whole may be the longest there can be
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
REFUSED = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
}


@contextmanager
def writing(final: Path, *, n_bytes: int = 0) -> Iterator[Path]:
    """Yield a temporary path; what is written there becomes ``final`` at the end.

    The temporary name is one no other process can choose, and keeps its endings, because Keras
    chooses the format by them. The file and its name are on the disk when the block ends.

    Args:
        final: Where the file goes; its folder is made if needed.
        n_bytes: Its size, if known beforehand.

    Raises:
        SaveError: If the disk is full or does not let itself be written to.
    """
    temporary = None
    try:
        with saving(final, n_bytes=n_bytes):
            final.parent.mkdir(parents=True, exist_ok=True)
            ending = final.name[-ENDING:]
            handle, name = tempfile.mkstemp(prefix=UNFINISHED, suffix=ending, dir=final.parent)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            _sync(temporary)
            temporary.chmod(0o644)
            temporary.replace(final)
            sync_folder(final.parent)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def saving(final: Path, *, n_bytes: int = 0) -> Iterator[None]:
    """Turn what a disk refuses into one clear error.

    Args:
        final: The file or folder that is to be written.
        n_bytes: Its size, if known beforehand.

    Raises:
        SaveError: If the disk is full or does not let itself be written to.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, SpeechsentError) or error.errno not in FULL | REFUSED:
            raise
        raise SaveError(f"{final}: {_why(final, error, n_bytes)}") from error


def check_folder(folder: Path) -> None:
    """Refuse a place for results that cannot be a folder, before the work that would be lost.

    Raises:
        SaveError: If it, or what it lies in, is a file or cannot be written.
    """
    for place in (folder, *folder.parents):
        try:
            status = place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise SaveError(f"{folder}: cannot be a folder ({error.strerror})") from error
        if not stat.S_ISDIR(status.st_mode):
            raise SaveError(
                f"{folder}: cannot be a folder, because {place} is a file; name another"
            )
        if not os.access(place, os.W_OK | os.X_OK):
            raise SaveError(f"{folder}: cannot be written ({place} is read-only); name another")
        return


def make_folder(folder: Path) -> None:
    """Make a folder for results, if it is not there.

    Raises:
        SaveError: If it cannot be made.
    """
    with saving(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_bytes(final: Path, content: bytes) -> None:
    """Write a file whose content is at hand, whole or not at all.

    Raises:
        SaveError: If the disk is full or does not let itself be written to.
    """
    with writing(final, n_bytes=len(content)) as temporary:
        temporary.write_bytes(content)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Have all files below a folder on the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            _sync(path)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a folder that nobody else writes to."""
    for left in folder.rglob(f"{UNFINISHED}*"):
        left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _why(final: Path, error: OSError, n_bytes: int) -> str:
    """What is wrong, what is needed and at hand as far as it is known, and the remedy."""
    if error.errno in REFUSED:
        return f"cannot be written ({error.strerror})"
    needed = f"needs {n_bytes} bytes, " if n_bytes else ""
    if error.errno == errno.EFBIG:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
        return f"{needed}a file may have {limit} here; raise the limit (ulimit -f)"
    free = shutil.disk_usage(final.parent).free if final.parent.is_dir() else 0
    return f"no room: {needed}{free} are free on the disk; make room"
