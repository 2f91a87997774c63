"""Who may talk to the server, and what its replies may do: around all else, errors included."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speechsent.app.refusal import RefusedError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = ("GET", "HEAD")
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server bound to this host.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
        (True, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


@dataclass(frozen=True)
class Names:
    """By which names the server may be called.

    A page of a stranger can make its own name point to this machine (DNS rebinding), and would
    then pass for ours; the name it calls by gives it away. An address cannot be rebound.

    Args:
        known: Host names, in lower case.
        addresses: Whether any address will do.
    """

    known: frozenset[str]
    addresses: bool = False

    @classmethod
    def of(cls, host: str) -> "Names":
        """The names of a server bound to a host."""
        if is_loopback(host):
            return cls(LOOPBACK | {host.lower()})
        own = socket.gethostname().lower()
        return cls(LOOPBACK | {host.lower(), own, socket.getfqdn().lower()}, addresses=True)

    def has(self, authority: str) -> bool:
        """Whether a ``Host`` header is one of ours, whatever its port."""
        try:
            name = urlsplit(f"//{authority}").hostname or ""
        except ValueError:
            return False
        return name in self.known or (self.addresses and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Refuse requests of other pages, and bind our own replies by their headers.

    Args:
        app: What is guarded.
        names: By which names it may be called.
    """

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # a WebSocket, which we have none of; the handshake fails
            await send({"type": "websocket.close", "code": 1008})
            return

        async def bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        app = JSONResponse(refusal.body, refusal.status) if refusal else self.app
        await app(scope, receive, bound)

    def _refusal(self, method: str, headers: Headers) -> RefusedError | None:
        """Why a request is not ours to answer."""
        host = headers.get("host", "")
        if not self.names.has(host):
            return RefusedError(421, "host", "This server does not go by that name.")
        origin = headers.get("origin")
        if method not in SAFE and origin is not None and not _is_same(origin, host):
            return RefusedError(403, "origin", "Pages of other origins may send nothing here.")
        return None


def _is_same(origin: str, host: str) -> bool:
    """Whether a page came from the server it now talks to.

    Example:
        >>> _is_same("http://localhost:8000", "localhost:8000"), _is_same("null", "localhost:8000")
        (True, False)
    """
    scheme, _, authority = origin.partition("://")
    return scheme in ("http", "https") and authority.lower() == host.lower()
