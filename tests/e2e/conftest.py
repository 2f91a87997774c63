"""A small corpus and a trained run, made once for all end-to-end tests."""

import os
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize

TINY = """\
# Nets and windows small enough for a test; everything else is the default.
view: {seconds: 1.6}
log_mel: {n_mels: 32}
mfcc: {n_mfcc: 13}
cnn: {stem: [8], channels: 8, embedding: 8}
lstm: {channels: 8, units: [8], embedding: 8}
functionals: {filters: 40, copies: 1}
fusion: {units: 8, copies: 2}
fit: {epochs: 2, head_epochs: 2, batch_size: 16}
"""


@pytest.fixture(scope="session")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six voices, two of them in test/: 72 clips."""
    config = SyntheticCorpus(n_speakers=6, n_test_speakers=2, n_sentences=1, n_takes=2)
    return synthesize(tmp_path_factory.mktemp("voices") / "v", config)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration file for quick training."""
    path = tmp_path_factory.mktemp("config") / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture(scope="session")
def workplace(voices: Path, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished joint run under runs/."""
    folder = tmp_path_factory.mktemp("workplace")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert (
            main(["train", str(voices), "--fusion", "joint", "--config", str(tiny), "--quiet"]) == 0
        )
    finally:
        os.chdir(before)
    return folder
