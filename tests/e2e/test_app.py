"""The command: it serves, answers as predict does, and ends cleanly."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.run import Run

pytest.importorskip("uvicorn", reason="needs the extra [app]")


def _hear_ctrl_c() -> None:
    """Whoever starts the tests in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def started(workplace, tmp_path):
    """A server of the run in a process of its own, and its address."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    run = Run.newest(workplace / "runs").path
    command = [sys.executable, "-m", "speechsent", "app", "--port", "0", "--no-browser"]
    process = subprocess.Popen(
        [*command, "--quiet", "--run", str(run)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    yield process, process.stdout.readline().split()[0]
    process.kill()
    process.communicate()


def test_a_clip_is_answered_as_predict_does_and_ctrl_c_ends_it_with_nothing_left(
    started, workplace, voices, tmp_path, capsys
):
    process, address = started
    clip = sorted((voices / "test").rglob("*.wav"))[0]
    asked = urllib.request.Request(f"{address}api/answers", clip.read_bytes())
    with urllib.request.urlopen(asked, timeout=60) as response:
        found = json.load(response)
    run = Run.newest(workplace / "runs").path
    assert main(["predict", str(clip), "--run", str(run), "--json"]) == 0
    (expected,) = json.loads(capsys.readouterr().out)
    assert found["answers"][0]["overall"] == pytest.approx(expected["probabilities"], abs=1e-5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "speechsent: interrupted\n"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_sigterm_ends_it_too(started):
    process, _ = started
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
