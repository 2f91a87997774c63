"""Fetch one file over HTTP: whole and verified, or not at all."""

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from speechsent.errors import WeightsError

CHUNK = 1 << 18
TIMEOUT = 10.0  # seconds without a byte


def download(
    url: str,
    path: Path,
    *,
    md5: str,
    max_bytes: int,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Download ``url`` to ``path``, checking its published hash before it gets that name.

    Args:
        url: Address of the file.
        path: Where to put it; its folder is made if needed.
        md5: Published hash, in hex. It guards against damage, as MD5 can.
        max_bytes: More than this is refused, declared or not.
        progress: Called with (bytes received, bytes expected; 0 if unknown).

    Returns:
        ``path``.

    Raises:
        WeightsError: If the server cannot be reached, or what it sends is not the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be written ({error.strerror})") from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            found = _receive(url, file.write, max_bytes, progress)
            file.flush()
            os.fsync(file.fileno())
        if found != md5:
            raise WeightsError(f"{url}: damaged on the way (MD5 {found}, expected {md5})")
        temporary.chmod(0o644)  # a temporary file is for its owner alone
        temporary.replace(path)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, WeightsError):
            raise
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        raise WeightsError(f"{url}: download failed ({reason})") from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _receive(
    url: str,
    write: Callable[[bytes], object],
    max_bytes: int,
    progress: Callable[[int, int], None] | None,
) -> str:
    """Stream the body into ``write``; return its MD5 in hex."""
    digest = hashlib.md5(usedforsecurity=False)
    received = 0
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        expected = int(response.headers.get("Content-Length") or 0)
        while chunk := response.read(CHUNK):
            received += len(chunk)
            if max(received, expected) > max_bytes:
                raise WeightsError(f"{url}: larger than the {max_bytes} bytes expected at most")
            digest.update(chunk)
            write(chunk)
            if progress is not None:
                progress(received, expected)
    if received < expected:
        raise WeightsError(f"{url}: the connection ended after {received} of {expected} bytes")
    return digest.hexdigest()


def md5_of(path: Path) -> str:
    """MD5 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
