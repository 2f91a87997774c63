"""Standard streams that are closed, full, or cannot say a name; and a TensorFlow that is quiet."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "ünï\N{GRINNING FACE}"


def speechsent(*words, before=None, **variables):
    """Run a command of its own, as a shell does."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-m", "speechsent", *words],
        capture_output=True,
        env=environment | variables,
        preexec_fn=before,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_help_is_written_in_every_encoding(encoding):
    told = speechsent("train", "--help", PYTHONIOENCODING=encoding)
    assert (told.returncode, told.stderr) == (0, b"")
    assert b"--classes A,B," in told.stdout


def test_json_stays_json_where_the_encoding_lacks_a_character(tmp_path):
    """Protocol files may be called anything; what is read back is what was there."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"name: {NAME}\ntest: {{by: each-corpus}}\n"
        "validation: {by: drawn-of-each-corpus, share: 0.15}\n",
        encoding="utf-8",
    )
    told = speechsent("protocols", "show", str(path), "--json", PYTHONIOENCODING="ascii")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["name"] == NAME


def test_a_name_that_is_no_text_is_written_all_the_same():
    r"""Linux lets a file be called any bytes; Python reads such ones as lone surrogates."""
    told = subprocess.run(
        [sys.executable, "-c", "from speechsent.cli.startup import ready_streams; ready_streams();"
         r"print('\udcff.wav')"],
        capture_output=True, check=True, env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert told.stdout == b"\\udcff.wav\n"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_closed_stream_is_no_error(number):
    told = speechsent("config", "show", before=lambda: os.close(number))
    assert told.returncode == 0, told.stderr
    assert told.stderr == b""
    assert (b"learning_rate" in told.stdout) == (number != 1)


def test_a_full_disk_behind_standard_output_is_told_in_a_line():
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run(
            [sys.executable, "-m", "speechsent", "config", "presets"],
            stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr == b"speechsent: no room on the disk (No space left on device); make room\n"


@pytest.mark.parametrize("words", [("corpus", "inspect"), ("audit",)])
def test_tensorflow_says_nothing_before_the_command_does(words, tmp_path):
    told = speechsent(*words, str(tmp_path / "none"))
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
