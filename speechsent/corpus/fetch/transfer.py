"""Fetch a large file: go on after a cut, and never take another file for it."""

import hashlib
import http.client
import time
import urllib.error
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from pathlib import Path

from speechsent.corpus.fetch.part import Part
from speechsent.corpus.fetch.remote import (
    Remote,
    Validator,
    ask,
    check_url,
    range_start,
    validator_of,
)
from speechsent.errors import DownloadError

CHUNK = 1 << 18
ATTEMPTS = 5  # in a row without a byte of progress
PAUSE = 1.0  # seconds before the second attempt; doubled before each further one
LONGEST_PAUSE = 60.0  # seconds, whatever the server asks for
BUSY = frozenset({408, 429, 500, 502, 503, 504})
RANGE_NOT_SATISFIABLE = 416

Progress = Callable[[int, int], None]


class _CutError(Exception):
    """The connection ended early, or the server is busy: worth another attempt."""

    def __init__(self, reason: str, pause: float = 0.0) -> None:
        self.reason = reason
        self.pause = pause
        super().__init__(reason)


def transfer(remote: Remote, path: Path, progress: Progress | None = None) -> str:
    """Download a file to ``path``, which gets that name only when it is whole and verified.

    What has arrived stays in ``path`` + ``.part`` after a cut, a kill or a full disk, and the next
    call goes on from there if the server still has the same file.

    Args:
        remote: The file.
        path: Where it goes, in a folder that exists.
        progress: Called with (bytes here, bytes in all; 0 if unknown).

    Returns:
        SHA-256 of the file in hex.

    Raises:
        DownloadError: If the server cannot be reached, or what it sends is not the file.
    """
    check_url(remote.url)
    part = Part(path, remote.url)
    failures, most = 0, part.size
    while True:
        try:
            _receive(remote, part, progress or (lambda done, total: None))
            break
        except _CutError as cut:
            failures = 1 if part.size > most else failures + 1
            most = max(most, part.size)
            if failures >= ATTEMPTS:
                raise DownloadError(_stopped(remote, part, cut.reason)) from cut
            time.sleep(min(LONGEST_PAUSE, cut.pause or PAUSE * 2 ** (failures - 1)))
    sha256 = _verified(remote, part)
    part.finish(path)
    return sha256


def _stopped(remote: Remote, part: Part, reason: str) -> str:
    total = part.validator.total or remote.size
    kept = f"; {part.size} of {total or 'unknown'} bytes are kept, the same command goes on"
    return f"{remote.url}: download failed ({reason}){kept if part.size else ''}"


def _receive(remote: Remote, part: Part, progress: Progress) -> None:
    """One answer of the server, appended to the part or in its place."""
    known = part.validator
    start = part.size if known.tag or remote.checksum else 0
    if start and start in (known.total, remote.size):
        return
    try:
        with ask(remote.url, start, known) as response:
            start = _start(response, part, start, known)
            told = validator_of(response.headers, start)
            _check_size(remote, told)
            _append(remote, part, response, start, told, progress)
    except urllib.error.HTTPError as error:
        with error:
            _refused(remote, part, error)
    except urllib.error.URLError as error:
        raise _CutError(str(error.reason)) from error
    except (ValueError, http.client.InvalidURL) as error:  # an address urllib cannot read
        raise DownloadError(f"{remote.url}: {error}") from error
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise _CutError(str(error) or type(error).__name__) from error


def _start(response: http.client.HTTPResponse, part: Part, wanted: int, known: Validator) -> int:
    """Where the answer begins: at what was asked for, or at the first byte of a changed file."""
    if response.status != http.client.PARTIAL_CONTENT:
        return 0
    total = validator_of(response.headers, wanted).total
    if range_start(response.headers) != wanted or (known.total or total) != total:
        part.discard()
        raise _CutError("the server sent another part than was asked for")
    return wanted


def _check_size(remote: Remote, told: Validator) -> None:
    if remote.size is not None and told.total not in (None, remote.size):
        raise DownloadError(
            f"{remote.url}: the server offers {told.total} bytes, {remote.size} are published"
        )
    if (told.total or 0) > remote.max_bytes:
        raise DownloadError(f"{remote.url}: larger than the {remote.max_bytes} bytes allowed")


def _append(
    remote: Remote,
    part: Part,
    response: http.client.HTTPResponse,
    start: int,
    told: Validator,
    progress: Progress,
) -> None:
    """Write the body behind the first ``start`` bytes of the part."""
    here = start  # read1 hands over what there is, so that a stall loses nothing
    try:
        part.describe(told)
        with part.path.open("ab" if start else "wb") as file:
            progress(here, told.total or 0)
            while chunk := response.read1(CHUNK):
                here += len(chunk)
                if here > remote.max_bytes:
                    break
                file.write(chunk)
                progress(here, told.total or 0)
    except (TimeoutError, ConnectionError, http.client.HTTPException):
        raise
    except OSError as error:
        raise DownloadError(f"{part.path}: cannot be written ({error.strerror})") from error
    if here > remote.max_bytes:
        part.discard()
        raise DownloadError(f"{remote.url}: larger than the {remote.max_bytes} bytes allowed")
    if told.total is not None and here < told.total:
        raise _CutError(f"the connection ended after {here} of {told.total} bytes")


def _refused(remote: Remote, part: Part, error: urllib.error.HTTPError) -> None:
    """Wait for a server that is busy; give up on one that says no."""
    if error.code == RANGE_NOT_SATISFIABLE and part.size:
        part.discard()  # it has grown shorter than what is here
        raise _CutError("the file has changed on the server") from error
    if error.code in BUSY:
        raise _CutError(f"{error.code} {error.reason}", _seconds(error.headers)) from error
    raise DownloadError(f"{remote.url}: {error.code} {error.reason}") from error


def _seconds(headers: Message) -> float:
    """What ``Retry-After`` asks for; 0 if it asks for nothing or names a date."""
    with suppress(ValueError):
        return max(0.0, float(headers.get("Retry-After") or 0))
    return 0.0


def _verified(remote: Remote, part: Part) -> str:
    """SHA-256 of a file that is what was published; the part is discarded if it is not."""
    reason = mismatch(part.path, remote.size, remote.checksum)
    if reason:
        part.discard()
        raise DownloadError(f"{remote.url}: not the published file ({reason}); nothing is kept")
    return digest(part.path, "sha256")


def mismatch(path: Path, size: int | None, checksum: str | None) -> str:
    """How a file differs from the published size and checksum; empty if it does not.

    Raises:
        DownloadError: If it cannot be read.
    """
    try:
        here = path.stat().st_size
        if size is not None and here != size:
            return f"{here} bytes, expected {size}"
        if checksum:
            algorithm, _, expected = checksum.partition(":")
            found = digest(path, algorithm)
            if found != expected.lower():
                return f"{algorithm.upper()} {found}, expected {expected}"
    except OSError as error:
        raise DownloadError(f"{path}: cannot be read ({error.strerror})") from error
    return ""


def digest(path: Path, algorithm: str) -> str:
    """Hash of a file, in hex."""
    with path.open("rb") as file:
        made = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False))
    return made.hexdigest()
