"""Files that a repository keeps elsewhere: a pointer tells the SHA-256 and size of each.

https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from speechsent.corpus.fetch.remote import Remote
from speechsent.corpus.fetch.transfer import mismatch, transfer

MAX_POINTER = 1024  # bytes, by the specification
N_CONNECTIONS = 8
PATTERN = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>\d+)\n?"
)


@dataclass(frozen=True)
class Pointer:
    """What stands in the place of a file.

    Args:
        oid: SHA-256 of the file in hex.
        size: Its bytes.
    """

    oid: str
    size: int


def read_pointer(path: Path) -> Pointer | None:
    """The pointer in a file; None if it is a file in its own right."""
    if path.stat().st_size > MAX_POINTER:
        return None
    found = PATTERN.fullmatch(path.read_bytes())
    return Pointer(found["oid"].decode(), int(found["size"])) if found else None


def pointers(folder: Path) -> dict[Path, Pointer]:
    """All pointers below a folder, in order."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = {path: read_pointer(path) for path in files}
    return {path: pointer for path, pointer in found.items() if pointer}


def fill(
    found: Mapping[Path, Pointer],
    root: Path,
    base: str,
    store: Path,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Put the real file in the place of each pointer.

    Files are kept in ``store`` until all are there, so that a further call goes on.

    Args:
        found: What :func:`pointers` found.
        root: The folder that stands for ``base``.
        base: Address below which the server has the files.
        store: Folder of the files that have arrived.
        progress: Called with (files done, files in all).

    Raises:
        DownloadError: If a file cannot be fetched, or is not the one its pointer describes.
    """
    store.mkdir(parents=True, exist_ok=True)
    wanted = {pointer.oid: (path, pointer) for path, pointer in found.items()}
    with ThreadPoolExecutor(N_CONNECTIONS) as pool:
        jobs = [
            pool.submit(_fetch, pointer, base + quote(path.relative_to(root).as_posix()), store)
            for path, pointer in wanted.values()
        ]
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                job.result()
                if progress:
                    progress(done, len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    placed: dict[str, Path] = {}
    for path, pointer in found.items():
        if pointer.oid in placed:
            shutil.copyfile(placed[pointer.oid], path)
        else:
            placed[pointer.oid] = (store / pointer.oid).replace(path)


def _fetch(pointer: Pointer, url: str, store: Path) -> None:
    path = store / pointer.oid
    checksum = f"sha256:{pointer.oid}"
    if path.is_file() and not mismatch(path, pointer.size, checksum):
        return
    remote = Remote(url=url, size=pointer.size, checksum=checksum, max_bytes=pointer.size)
    transfer(remote, path)
