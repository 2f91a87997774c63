"""A server on the loopback interface that sends one file in good and in bad ways."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from speechsent.corpus.fetch import transfer

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Loopback:
    """Answers the n-th request for a path with the n-th of its answers, then with the last."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def serve(self, path: str, *answers: Answer) -> str:
        self.answers[path] = list(answers)
        return self.url + path

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append((handler.path, dict(handler.headers)))
        answers = self.answers.get(handler.path, [status(404)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        with suppress(ConnectionError):
            answer(handler)


def whole(body: bytes, *, etag: str | None = '"1"', ranges: bool = True, length: int | None = None,
          cut: int | None = None, drip: float = 0, **headers: str) -> Answer:  # fmt: skip
    """Sends a file as RFC 9110 says, or cut off after some bytes of the file."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        start = 0
        asked = handler.headers.get("Range")
        if ranges and asked and handler.headers.get("If-Range", etag) == etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(body):
            return status(416)(handler)
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        declared = len(body) if length is None else length
        if declared >= 0:
            handler.send_header("Content-Length", str(declared - start))
        if etag:
            handler.send_header("ETag", etag)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        step = 20_000 if drip else len(body)
        for at in range(start, len(body) if cut is None else cut, step):
            handler.wfile.write(body[at : min(at + step, len(body) if cut is None else cut)])
            handler.wfile.flush()
            pause.wait(drip)
        return None

    pause = threading.Event()
    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


@pytest.fixture(scope="session")
def _server() -> Iterator[Loopback]:
    loopback = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            loopback.answer(self)

        def log_message(self, *_):
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        loopback.url = f"http://127.0.0.1:{server.server_port}"
        yield loopback
        server.shutdown()
        thread.join()


@pytest.fixture
def server(_server: Loopback, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """The server without memories, and a client that waits for nothing."""
    _server.answers.clear()
    _server.requests.clear()
    monkeypatch.setattr(transfer, "PAUSE", 0)
    monkeypatch.setattr(transfer, "LONGEST_PAUSE", 0)
    return _server


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive of some files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.fixture
def send():
    """Ways to answer a request."""
    return whole


@pytest.fixture
def say():
    """Answers without a file."""
    return status


@pytest.fixture
def make_zip():
    """Makes archives."""
    return zipped
