"""Fixtures every test may use. The environment is set before anything imports TensorFlow."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

import json
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import Page, chromium

ROOT = Path(__file__).parents[1]
START = 60  # seconds for a process to come up on a busy machine
SAMPLE_RATE = 16_000
SIBLING = Path(__file__).parents[2] / "shared" / "data" / "ravdess"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever wants it damage more input than the suite does."""
    parser.addoption(
        "--fuzz", type=int, default=200, metavar="N", help="damaged inputs of each kind"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with slow tests first, so that no worker is left with a long one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def speechsent_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep what the package caches, such as the built-in corpus, inside this test session."""
    home = tmp_path_factory.mktemp("speechsent_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEECHSENT_HOME", str(home))
        yield home


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20)


@pytest.fixture
def voiced() -> np.ndarray:
    """One second at 16 kHz that sounds like a vowel: 120 Hz, rising, between two short rests."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * (120 * time + 15 * time**2)
    harmonics = sum(np.sin(k * phase) / k for k in range(1, 20))
    envelope = np.clip(np.minimum(time - 0.1, 0.9 - time) * 20, 0, 1)
    return (0.1 * envelope * harmonics).astype(np.float32)


@pytest.fixture(scope="session")
def ravdess() -> Path:
    """The RAVDESS recordings, where this machine has them."""
    root = Path(os.environ.get("SPEECHSENT_RAVDESS", SIBLING))
    if not root.is_dir():
        pytest.skip("RAVDESS is not here; set SPEECHSENT_RAVDESS to its folder")
    return root


class Processes:
    """A scheduler and its workers, which can be killed one by one."""

    def __init__(self, folder: Path) -> None:
        """Start a scheduler."""
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(file))
        self.address = _until(lambda: json.loads(file.read_text())["address"])

    def start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        """Start a part of the cluster."""
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard"]
        with (self.folder / f"{len(self.started)}.log").open("w") as log:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", *options],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd=self.folder,
            )
        self.started.append(process)
        return process

    def start_worker(self, n_threads: int = 1) -> subprocess.Popen[bytes]:
        """Start a worker."""
        options = ("--no-nanny", "--nthreads", str(n_threads), "--local-directory", ".")
        return self.start("worker", self.address, *options)

    def stop(self) -> None:
        """Kill all that is left."""
        for process in self.started:
            process.kill()
            process.wait()


def _until(look: Callable[[], Any]) -> Any:
    """What ``look`` returns as soon as it can."""
    for _ in range(START * 10):
        try:
            return look()
        except (OSError, ValueError):
            time.sleep(0.1)
    raise TimeoutError(look)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler on the loopback interface, without workers."""
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    folder = tmp_path / "dask"
    folder.mkdir()
    processes = Processes(folder)
    yield processes
    processes.stop()


@pytest.fixture
def two_workers(dask: Processes, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Two workers of that scheduler."""
    from speechsent.features import cluster

    monkeypatch.setattr(cluster, "PATIENCE", START)
    workers = [dask.start_worker(n_threads) for n_threads in (1, 2)]
    from distributed import Client

    with Client(dask.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=START)
    return workers


@pytest.fixture
def browser(tmp_path: Path) -> Callable[..., AbstractContextManager[Page]]:
    """Opens Chromium with one tab, where this machine has it."""
    binary = shutil.which("chromium")
    if binary is None:
        pytest.skip("needs chromium")
    return lambda *flags: chromium(binary, tmp_path / "profile", *flags)


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, from its npm package."""
    package = Path(os.environ.get("SPEECHSENT_AXE", ""))
    if not package.is_file():
        pytest.skip("needs SPEECHSENT_AXE naming axe-core's .tgz from npm")
    with tarfile.open(package) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()
