import os
import subprocess
import sys

import pytest

from speechsent.errors import LockedError
from speechsent.locking import locked, locked_patiently


def test_a_lock_is_held_once_and_tells_by_whom(tmp_path):
    with (
        locked(tmp_path / "lock"),
        pytest.raises(LockedError, match=f"process {os.getpid()} on "),
        locked(tmp_path / "lock"),
    ):
        pass
    with locked(tmp_path / "lock"):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = "import sys; from pathlib import Path; from speechsent.locking import locked; "
    code += "lock = locked(Path(sys.argv[1])); lock.__enter__(); print(flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    holder.stdout.readline()
    with pytest.raises(LockedError, match=f"process {holder.pid} "), locked(tmp_path / "lock"):
        pass
    holder.kill()
    holder.communicate()
    with locked(tmp_path / "lock"):
        pass


def test_a_lock_that_is_waited_for_leaves_no_file(tmp_path, monkeypatch):
    with locked_patiently(tmp_path / "lock"):
        assert (tmp_path / "lock").is_file()
        monkeypatch.setattr("speechsent.locking.PATIENCE", 0.05)
        with pytest.raises(LockedError), locked_patiently(tmp_path / "lock"):
            pass
    assert not list(tmp_path.iterdir())
