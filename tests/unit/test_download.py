import threading
from contextlib import suppress
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from speechsent.download import CHUNK, download, md5_of
from speechsent.errors import WeightsError

BODY = bytes(range(256)) * 4_000  # a megabyte: more than one chunk
MD5 = md5(BODY, usedforsecurity=False).hexdigest()


class Server(BaseHTTPRequestHandler):
    """Serves ``BODY`` in one good way and several bad ones."""

    def do_GET(self):
        self.send_response(404 if self.path == "/absent" else 200)
        for name, value in self.headers_of(self.path):
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # the client may have heard enough
            self.wfile.write(BODY[: len(BODY) // 2] if self.path == "/cut" else BODY)

    @staticmethod
    def headers_of(path):
        length = {"/length-is-a-word": "many", "/huge": str(10**12)}.get(path, str(len(BODY)))
        return [] if path == "/no-length" else [("Content-Length", length)]

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetch(url, path, **options):
    return download(url, path, **{"md5": MD5, "max_bytes": 2 * len(BODY)} | options)


@pytest.mark.parametrize("route", ["/good", "/no-length"])
def test_a_good_file_arrives_whole(server, tmp_path, route):
    path = tmp_path / "new" / "weights.h5"
    assert fetch(server + route, path) == path
    assert path.read_bytes() == BODY
    assert list(path.parent.iterdir()) == [path]


def test_progress_counts_to_the_end(server, tmp_path):
    calls = []
    fetch(f"{server}/good", tmp_path / "f", progress=lambda *call: calls.append(call))
    received, expected = zip(*calls, strict=True)
    assert set(expected) == {len(BODY)}
    assert received[-1] == len(BODY)
    assert list(received) == sorted(received)
    assert len(calls) >= len(BODY) / CHUNK


BAD = {
    "wrong hash": ("/good", {"md5": "0" * 32}, "MD5"),
    "connection cut": ("/cut", {}, f"ended after {len(BODY) // 2} of {len(BODY)} bytes"),
    "declared too large": ("/huge", {}, "larger than"),
    "too large": ("/good", {"max_bytes": len(BODY) - 1}, "larger than"),
    "too large, undeclared": ("/no-length", {"max_bytes": len(BODY) - 1}, "larger than"),
    "absent": ("/absent", {}, "Not Found"),
    "odd header": ("/length-is-a-word", {}, "many"),
}


@pytest.mark.parametrize("kept", [b"", b"the file of last year"], ids=["new", "existing"])
@pytest.mark.parametrize(("route", "options", "reason"), BAD.values(), ids=BAD)
def test_a_failure_leaves_the_folder_as_it_was(server, tmp_path, route, options, reason, kept):
    path = tmp_path / "weights.h5"
    if kept:
        path.write_bytes(kept)
    with pytest.raises(WeightsError, match=reason) as caught:
        fetch(server + route, path, **options)
    assert str(caught.value).startswith(server + route)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [kept] * bool(kept)


def test_an_unreachable_server_is_named(tmp_path):
    """Port 9 discards, where anything listens at all."""
    with pytest.raises(WeightsError, match=r"^http://127\.0\.0\.1:9/x: download failed"):
        fetch("http://127.0.0.1:9/x", tmp_path / "f")


def test_an_address_that_is_none_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"^nowhere: download failed"):
        fetch("nowhere", tmp_path / "f")


def test_md5_of_a_published_example(tmp_path):
    """RFC 1321, appendix A.5."""
    (tmp_path / "f").write_bytes(b"message digest")
    assert md5_of(tmp_path / "f") == "f96b697d7cb7938d525a2f31aaf161d0"
