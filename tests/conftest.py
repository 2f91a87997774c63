"""Fixtures every test may use. The environment is set before anything imports TensorFlow."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["KERAS_BACKEND"] = "tensorflow"

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

SAMPLE_RATE = 16_000
SIBLING = Path(__file__).parents[2] / "shared" / "data" / "ravdess"


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
