"""The command itself, killed in the middle of a download."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.corpus.fetch.recipe import MIRROR

PATIENCE = 60  # seconds on a busy machine
CLIP = "wav/03a01Fa.wav"
CONTENT = random.Random(7).randbytes(1_000_000)


@pytest.fixture
def command(server, send, make_zip, tmp_path, monkeypatch):
    """Fetches an EmoDB of one clip from a server that is slow at first."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(MIRROR, raising=False)
    archive = make_zip({CLIP: CONTENT})
    url = server.serve("/emodb.zip", send(archive, drip=0.05), send(archive))
    return ["corpus", "fetch", "emodb", "--accept-licence", "--source", url]


def wait_for(process, part):
    """Until some bytes have arrived."""
    deadline = time.monotonic() + PATIENCE
    while not (part.is_file() and part.stat().st_size):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of Unix")
def test_the_same_command_goes_on_after_a_kill(command, server, capsys):
    process = subprocess.Popen([sys.executable, "-m", "speechsent", *command])
    part = Path(".emodb.fetch/emodb.zip.part")
    wait_for(process, part)
    process.kill()
    process.wait()
    here = part.stat().st_size
    assert not Path("emodb").exists()
    assert main(command) == 0
    assert Path("emodb", CLIP).read_bytes() == CONTENT
    assert server.requests[-1][1]["Range"] == f"bytes={here}-"
    assert list(Path().iterdir()) == [Path("emodb")]
    assert "could not be checked" in capsys.readouterr().out
