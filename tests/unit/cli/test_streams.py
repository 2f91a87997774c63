"""Standard output and error that are closed, full, or speak another encoding."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from speechsent.cli import main
from speechsent.cli.predict import _print_predictions
from speechsent.errors import AudioWarning
from speechsent.recognised import Prediction

ROOT = Path(__file__).parents[3]


def shell(command, **environment):
    """Run a line of shell in which ``$it`` is the command; status, and what was told."""
    it = f"{sys.executable} -m speechsent"
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "it": it, **environment},
    )


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_help_is_written_in_every_encoding(encoding):
    told = shell("$it train --help", PYTHONIOENCODING=encoding)
    assert (told.returncode, told.stderr) == (0, "")
    assert "--classes A,B," in told.stdout


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_json_stays_json_where_the_encoding_lacks_a_character(tmp_path, encoding):
    """Protocol files may be called anything; what is read back is what was there."""
    name = "ünï\N{GRINNING FACE}"
    (tmp_path / "mine.yaml").write_text(
        f"name: {name}\ntest: {{by: each-corpus}}\n"
        "validation: {by: drawn-of-each-corpus, share: 0.15}\n",
        encoding="utf-8",
    )
    show = f"$it protocols show {tmp_path}/mine.yaml --json"
    told = shell(show, PYTHONIOENCODING=encoding)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["name"] == name


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["config show", "config presets"], ids=["long", "short"])
def test_a_full_disk_behind_standard_output_is_one_line(words):
    """What is short is written when the command ends."""
    done = shell(f"$it {words} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == (
        "speechsent: no room for standard output or a temporary file (No space left on device)\n"
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_change_no_status(closed):
    done = shell(f"$it config show {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("seed: 0") == (closed == "2>&-")


def test_what_comes_after_a_closed_stream_is_not_written_into(tmp_path):
    """Without an error, TensorFlow would write to the next file that is opened."""
    code = "import speechsent.cli.streams as s; s.ready(); print(open('x', 'w').fileno())"
    done = shell(f'cd {tmp_path}; {sys.executable} -c "{code}" 2>&-')
    assert int(done.stdout) > 2


def prediction(file):
    return Prediction(file, {"anger": 0.75, "joy": 0.25})


@pytest.mark.parametrize("name", [os.fsdecode(b"h\xff.wav"), "höre.wav"])
def test_a_name_that_the_terminal_cannot_show_is_escaped_and_json_reads_it_back(name):
    code = (
        "import json, os, sys; from speechsent.cli import streams; streams.ready(); "
        "print(json.dumps(json.loads(sys.argv[1]), ensure_ascii=False))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(name)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8:strict"},
    )
    assert json.loads(done.stdout) == name


def test_a_table_keeps_a_line_a_file_whatever_files_are_called(capsys):
    """A line break, and what turns a terminal red."""
    from argparse import Namespace

    args = Namespace(json=False, csv=False, reject_below=None)
    _print_predictions(args, [prediction("a\nb.wav"), prediction("c\x1b[31m.wav")])
    assert capsys.readouterr().out.splitlines() == [
        r"a\nb.wav       anger         anger 0.75  joy 0.25",
        r"c\x1b[31m.wav  anger         anger 0.75  joy 0.25",
    ]


def test_warnings_of_ours_are_a_line_each_and_others_what_they_were(monkeypatch, capsys):
    def warn(_args):
        warnings.warn("a\nb.wav: the channels cancel", AudioWarning, stacklevel=1)
        warnings.warn("something of another package", UserWarning, stacklevel=1)
        return 0

    monkeypatch.setattr("speechsent.cli.config.show", warn)
    others = []
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_place, **_rest: others.append(str(message))
        assert main(["config", "show"]) == 0
        warnings.warn("after the command", AudioWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: a\\nb.wav: the channels cancel\n"
    assert others == ["something of another package", "after the command"]
