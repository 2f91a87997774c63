"""Serve an application on a port of this machine until Ctrl-C."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from speechsent.errors import ParameterError

FAREWELL = 3  # seconds that replies underway have when the server ends
PORTS = range(1 << 16)
CONNECTIONS = 100  # more are refused before a byte is read


class Server(uvicorn.Server):
    """Serves an application, and says when visitors are let in.

    Args:
        app: The application.
        ready: Called as soon as they are.
    """

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            limit_concurrency=CONNECTIONS,
            timeout_graceful_shutdown=FAREWELL,
        )
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self._ready()


def listen(host: str, port: int) -> socket.socket:
    """Take a port, any free one for 0.

    Raises:
        ParameterError: If it cannot be had.
    """
    if port not in PORTS:
        raise ParameterError(f"a port lies between 0 and {PORTS[-1]}. Received: port={port}")
    _check_name(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise ParameterError(
            f"{host} port {port} cannot be listened on ({error.strerror}); choose another --port, "
            "0 takes any free one"
        ) from error


def _check_name(host: str) -> None:
    """Refuse what no host is called: nothing, which is every address, and parts that are odd."""
    try:
        called = host.encode("idna")
    except UnicodeError:  # an empty part, or one of more than 63 letters
        called = b""
    if not called:
        raise ParameterError(f"a host is a name or an address. Received: host={host!r}")


def address(listening: socket.socket) -> str:
    """The URL under which a browser on this machine finds it."""
    host, port = listening.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{here}]:{port}/" if ":" in here else f"http://{here}:{port}/"


def serve(app: ASGIApp, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until a signal comes, which is then passed on to whoever waits for it.

    Args:
        app: The application.
        listening: From :func:`listen`; it is closed.
        ready: Called as soon as visitors are let in.
    """
    Server(app, ready).run(sockets=[listening])
