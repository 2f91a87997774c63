"""A TensorFlow that is quiet."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [("corpus", "inspect"), ("audit",)])
def test_tensorflow_says_nothing_before_the_command_does(words, tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "speechsent", *words, str(tmp_path / "none")],
        capture_output=True,
        env={k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"},
        check=False,
    )
    assert told.returncode == 1
    assert len(told.stderr.splitlines()) == 1
