"""A file on a server, and asking the server for it or for the rest of it."""

import http.client
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from speechsent.errors import DownloadError

TIMEOUT = 30.0  # seconds without a byte
MAX_REDIRECTS = 5
SCHEMES = ("https", "http")


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file on a server.

    Args:
        url: Its address, by https or http.
        size: Its published size in bytes; None if none is published.
        checksum: Its published hash as ``md5:…`` or ``sha256:…`` in hex; None if none is.
        max_bytes: More than this is refused, declared or not.
    """

    url: str
    size: int | None = None
    checksum: str | None = None
    max_bytes: int


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, none to another kind of address, none from https to http."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """The request for the new address, or an error that names it."""
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in SCHEMES or (old == "https" and new == "http"):
            raise DownloadError(f"{req.full_url}: redirected to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """Check the scheme before urllib does: its own message names neither address."""
        place = headers.get("location") or ""
        if urlsplit(place).scheme not in ("", *SCHEMES):
            raise DownloadError(f"{req.full_url}: redirected to {place}, which is not followed")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


@dataclass(frozen=True)
class Validator:
    """What a server said by which a later answer can be known to be about the same bytes.

    Args:
        tag: A strong ETag or a date of change, as ``If-Range`` takes it; empty if there is none.
        total: Size of the whole file in bytes; None if unknown.
    """

    tag: str = ""
    total: int | None = None


def check_url(url: str) -> None:
    """Refuse an address that is not on a server.

    Raises:
        DownloadError: If its scheme is neither https nor http.
    """
    if urlsplit(url).scheme not in SCHEMES or not urlsplit(url).netloc:
        raise DownloadError(
            f"{url}: an address starts with https:// or http://; a file that is already here goes "
            "with --archive"
        )


def ask(url: str, start: int, validator: Validator) -> http.client.HTTPResponse:
    """Request a file from byte ``start`` on; a changed file comes whole (RFC 9110, 13.1.5).

    Raises:
        urllib.error.HTTPError: If the server answers with an error.
        OSError: If there is no answer.
    """
    headers = {"User-Agent": "speechsent", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if validator.tag:
            headers["If-Range"] = validator.tag
    opener = urllib.request.build_opener(Redirects)
    response: http.client.HTTPResponse = opener.open(
        urllib.request.Request(url, headers=headers), timeout=TIMEOUT
    )
    return response


def validator_of(headers: Message, received_from: int) -> Validator:
    """What an answer says about the whole file, be it whole or from a byte on.

    Example:
        >>> validator_of({"ETag": '"a"', "Content-Length": "7"}, 3)
        Validator(tag='"a"', total=10)
        >>> validator_of({"ETag": 'W/"a"', "Content-Range": "bytes 3-9/10"}, 3)
        Validator(tag='', total=10)
    """
    tag = headers.get("ETag") or ""
    if not tag or tag.startswith("W/"):  # a weak one does not promise the same bytes
        tag = headers.get("Last-Modified") or ""
    length = headers.get("Content-Length") or ""
    total = received_from + int(length) if length.isdecimal() else None
    found = re.fullmatch(r"bytes \d+-\d+/(\d+)", headers.get("Content-Range") or "")
    return Validator(tag, int(found[1]) if found else total)


def range_start(headers: Message) -> int | None:
    """First byte of a partial answer; None if it does not say.

    Example:
        >>> range_start({"Content-Range": "bytes 3-9/10"})
        3
    """
    found = re.match(r"bytes (\d+)-", headers.get("Content-Range") or "")
    return int(found[1]) if found else None
