import errno
import os
import resource
import subprocess
import sys

import pytest

from speechsent.errors import SaveError
from speechsent.writing import UNFINISHED, check_folder, make_folder, sweep, write_bytes, writing


def test_a_file_appears_whole_and_alone(tmp_path):
    with writing(tmp_path / "deep" / "table.csv") as temporary:
        temporary.write_text("half")
        assert temporary.suffix == ".csv"
        assert not (tmp_path / "deep" / "table.csv").exists()
    assert [path.name for path in tmp_path.rglob("*.*")] == ["table.csv"]
    assert (tmp_path / "deep" / "table.csv").stat().st_mode & 0o777 == 0o644


def test_what_was_there_stays_when_writing_fails(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), writing(path) as temporary:
        temporary.write_text(f"half{1 // 0}")
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "before"


def test_the_content_is_on_the_disk_before_its_name_and_the_name_before_the_end(
    tmp_path, monkeypatch
):
    done = []
    fsync, replace = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle)))
    monkeypatch.setattr(
        type(tmp_path), "replace", lambda *args: (done.append("replace"), replace(*args))[1]
    )
    write_bytes(tmp_path / "x", b"content")
    assert done == ["fsync", "replace", "fsync"]


def test_a_full_disk_is_told_with_the_bytes_needed_and_free(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SaveError, match=r"x: no room: needs 7 bytes, \d+ are free on the disk"):
        write_bytes(tmp_path / "x", b"content")
    assert not list(tmp_path.iterdir())


def test_a_limit_on_file_sizes_is_told(tmp_path):
    """In a process of its own, which alone has the limit."""
    code = "import sys; from pathlib import Path; from speechsent.writing import write_bytes; "
    done = subprocess.run(
        [sys.executable, "-c", code + "write_bytes(Path(sys.argv[1]), b'.' * 99)", tmp_path / "x"],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)),
        capture_output=True,
        text=True,
    )
    told = "x: needs 99 bytes, a file may have 10 here; raise the limit (ulimit -f)"
    assert done.stderr.splitlines()[-1].endswith(told)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(SaveError, match=r"x: cannot be written \(Read-only file system\)"):
        write_bytes(tmp_path / "x", b"content")


def test_other_errors_of_the_writer_stay_what_they_are(tmp_path):
    with pytest.raises(FileNotFoundError), writing(tmp_path / "x"):
        (tmp_path / "nowhere").read_bytes()


def test_what_killed_writers_left_is_swept(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / f"{UNFINISHED}abc.csv").write_text("half")
    (tmp_path / "whole.csv").write_text("whole")
    sweep(tmp_path)
    assert [path.name for path in tmp_path.rglob("*.csv")] == ["whole.csv"]


@pytest.mark.parametrize("place", ["file", "file/deeper", "file/deeper/still"])
def test_a_file_in_the_place_of_a_folder_is_refused_before_and_while_writing(tmp_path, place):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SaveError, match=r"cannot be a folder, because .*/file is a file"):
        check_folder(tmp_path / place)
    with pytest.raises(SaveError, match="cannot be written"):
        make_folder(tmp_path / place)
    with pytest.raises(SaveError, match="x: cannot be written"):
        write_bytes(tmp_path / place / "x", b"content")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_name_that_is_too_long_is_refused_before_and_while_writing(tmp_path):
    for write in (check_folder, make_folder, lambda path: write_bytes(path, b"content")):
        with pytest.raises(SaveError, match="File name too long"):
            write(tmp_path / ("x" * 300))


@pytest.mark.parametrize("letter", ["x", "ü", "\N{GRINNING FACE}"])
def test_the_longest_name_that_a_file_can_have_can_be_written(tmp_path, letter):
    """255 bytes on Linux; the name it has meanwhile keeps the ending."""
    size = len(letter.encode())
    name = letter * ((255 - len(".csv")) // size) + ".csv"
    with writing(tmp_path / name) as temporary:
        assert temporary.suffix == ".csv"
        temporary.write_text("content")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path):
    (tmp_path / "x").mkdir()
    with pytest.raises(SaveError, match=r"x: cannot be written \(Is a directory\)"):
        write_bytes(tmp_path / "x", b"content")


def test_a_folder_that_can_be_made_is_not_made_by_looking(tmp_path):
    check_folder(tmp_path / "new" / "deeper")
    assert not list(tmp_path.iterdir())
    make_folder(tmp_path / "new" / "deeper")
    assert (tmp_path / "new" / "deeper").is_dir()
