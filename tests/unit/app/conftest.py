"""A server on networks whose answers are known."""

import http.client
import io
import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from speechsent import audio
from speechsent.config import ExperimentConfig

RATE = 16_000


@dataclass
class StubRecogniser:
    """Says 0.75 and 0.25 of everything, or numbers ten times as large."""

    labels: tuple[str, ...] = ("anger", "neutral")
    scale: object = None
    calibration: object = None
    scope: str = "corpus"
    adapted: list[Path] = field(default_factory=list)
    error: Exception | None = None

    def __post_init__(self):
        config = ExperimentConfig()
        self.extractor = config.extractor
        self.standardizer = SimpleNamespace(scope=self.scope)
        self.run = SimpleNamespace(labels=self.labels, config=config, facts={}, leaky="")

    @property
    def told(self):
        return np.array([7.5, 2.5]) if self.scale else np.array([0.75, 0.25])

    def adapt(self, files):
        self.adapted += [Path(file).name for file in files]

    def file(self, path):
        if self.error:
            raise self.error
        for _ in audio.pieces(path, self.extractor.audio):
            pass
        return self.told

    def short_clips(self, signals):
        return np.tile(self.told, (len(signals), 1))


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def text(self):
        return self.content.decode()

    def json(self):
        return json.loads(self.content)

    @property
    def error(self):
        return self.json()["error"]


@dataclass(frozen=True)
class Client:
    """Talks to a server on this machine."""

    port: int

    @property
    def host(self):
        return f"localhost:{self.port}"

    def get(self, address, **headers):
        return self.send("GET", address, None, **headers)

    def ask(self, body, query="", **headers):
        return self.send("POST", f"/api/answers{query}", body, **headers)

    def send(self, method, address, body, **headers):
        headers = {"Host": self.host} | {k.replace("_", "-"): v for k, v in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # it may answer before it has read all
            chunked = body is not None and not isinstance(body, bytes)
            if chunked and "Content-Length" not in headers:
                headers["Transfer-Encoding"] = "chunked"
                connection.request(method, address, body, headers, encode_chunked=True)
            else:
                connection.request(method, address, body, headers)
        with connection.getresponse() as response:
            reply = Reply(response.status, response.headers, response.read())
        connection.close()
        return reply


@contextmanager
def served(*recognisers, limits=None):
    from speechsent.app.guard import Names
    from speechsent.app.limits import Limits
    from speechsent.app.models import Model
    from speechsent.app.server import application
    from speechsent.app.serving import Server, listen

    models = [Model(f"corpus/run-{i}", r) for i, r in enumerate(recognisers or [StubRecogniser()])]
    ready = threading.Event()
    server = Server(application(models, limits or Limits(), Names.of("127.0.0.1")), ready.set)
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert ready.wait(60)
        yield Client(listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def client():
    """A server of one run, which tests share."""
    with served() as found:
        yield found


@pytest.fixture
def serve():
    """Serve some recognisers, one with known answers if none is given."""
    return served


@pytest.fixture
def stub():
    return StubRecogniser


@pytest.fixture
def as_file(voiced):
    """A voice, or other samples, as the bytes of a file."""

    def file(signal=voiced, rate=RATE, kind="WAV", **options):
        memory = io.BytesIO()
        soundfile.write(memory, signal, rate, format=kind, **options)
        return memory.getvalue()

    return file
