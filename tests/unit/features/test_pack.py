import errno
import os
from pathlib import Path

import numpy as np
import pytest

from speechsent.features.pack import HEAD, ROW, DamagedPackError, Pack, write_pack

OPEN_FILES = Path("/proc/self/fd")
KEYS = [bytes([i]) * 32 for i in (1, 2, 0)]


@pytest.fixture
def sequences(rng):
    return [rng.normal(size=(length, 3)).astype(np.float32) for length in (4, 1, 6)]


@pytest.fixture
def path(tmp_path, sequences):
    return write_pack(tmp_path / "view", KEYS, sequences, {1: ["odd", "élan"]})


def test_what_is_written_is_read(path, sequences):
    pack = Pack(path)
    assert pack.places == {key: place for place, key in enumerate(KEYS)}
    for place in (2, 0, 1, 1):
        np.testing.assert_array_equal(pack[place], sequences[place])
        assert pack[place].dtype == np.float32
    assert pack.notes == {1: ["odd", "élan"]}


def test_a_pack_is_no_larger_than_its_values_and_index(tmp_path, sequences):
    """32 bytes of head, 52 a clip, notes (``{}``), a checksum, and 4 bytes a value."""
    assert HEAD.size == 32
    assert ROW.itemsize == 52
    path = write_pack(tmp_path, KEYS, sequences, {})
    assert path.stat().st_size == 32 + 3 * 52 + 2 + 4 + 4 * 3 * (4 + 1 + 6)


def test_double_precision_is_kept_as_single(tmp_path):
    pack = Pack(write_pack(tmp_path, KEYS[:1], [np.array([[0.1, 2.0]])], {}))
    np.testing.assert_array_equal(pack[0], np.array([[0.1, 2.0]], np.float32))


def test_two_packs_of_the_same_clips_have_two_names(path, sequences):
    again = write_pack(path.parent, KEYS, sequences, {1: ["odd", "élan"]})
    assert again != path
    assert again.read_bytes() == path.read_bytes()
    assert sorted(path.parent.iterdir()) == sorted([path, again])


def test_a_deleted_pack_stays_readable_while_open(path, sequences):
    pack = Pack(path)
    path.unlink()
    np.testing.assert_array_equal(pack[2], sequences[2])


@pytest.mark.parametrize(
    "content", [b"", b"S", b"RIFF" * 40, b"SPEECHS1", b"SPEECHS1" + b"\xff" * 200]
)
def test_a_file_that_is_no_pack_is_refused(tmp_path, content):
    (tmp_path / "a.pack").write_bytes(content)
    with pytest.raises(DamagedPackError, match=r"a\.pack"):
        Pack(tmp_path / "a.pack")


def test_a_pack_cut_anywhere_is_never_used(path, sequences):
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedPackError):
            Pack(path)[2]


def test_a_damaged_clip_leaves_its_neighbours_whole(path, sequences):
    content = bytearray(path.read_bytes())
    content[-6 * 3 * 4 - 1] ^= 1  # the last byte of the second clip
    path.write_bytes(content)
    pack = Pack(path)
    np.testing.assert_array_equal(pack[0], sequences[0])
    np.testing.assert_array_equal(pack[2], sequences[2])
    with pytest.raises(DamagedPackError, match="clip 1 is damaged"):
        pack[1]


def test_a_pack_cut_while_it_is_open_is_noticed(path):
    pack = Pack(path)
    assert len(pack[2]) == 6
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(DamagedPackError, match="clip 2 is damaged"):
        pack[2]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_nothing_behind(tmp_path, sequences, monkeypatch, call):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, call) if call == "fsync" else ("pathlib.Path.replace",)), full)
    with pytest.raises(OSError, match="No space left"):
        write_pack(tmp_path / "view", KEYS, sequences, {})
    assert list((tmp_path / "view").iterdir()) == []


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="a process's open files are not listed here")
def test_forgotten_packs_close_their_files(path):
    """A view may have more packs than a process may have open files."""
    before = sum(1 for _ in OPEN_FILES.iterdir())
    for _ in range(10):
        Pack(path)[0]
    assert sum(1 for _ in OPEN_FILES.iterdir()) == before
