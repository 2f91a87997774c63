import json
import os
import shutil

import pytest

from speechsent.corpus import hashes
from speechsent.corpus.hashes import file_hashes
from speechsent.errors import AudioError

# The examples of FIPS 180-2, and of no bytes at all.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CBA = "6d970874d0db767a7058798973f22cf6589601edab57996312f2ef7b56e5584d"  # sha256sum


@pytest.fixture
def memory(tmp_path):
    return tmp_path / "hashes"


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "corpus" / "a.wav"
    path.parent.mkdir()
    path.write_bytes(b"abc")
    return path


@pytest.fixture
def read(monkeypatch):
    """Names of the files that are read, in order; a file counts as settled at once."""
    names = []
    original = hashes.sha256
    monkeypatch.setattr(hashes, "sha256", lambda path: names.append(path.name) or original(path))
    monkeypatch.setattr(hashes, "RACY", 0.0)
    return names


def keep_times(path, content):
    """Change a file's bytes and hide it: its size and time of change stay."""
    before = path.stat()
    assert len(content) == before.st_size
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_hashes_are_the_published_ones(clip, tmp_path):
    (tmp_path / "empty.wav").touch()
    assert file_hashes([clip, tmp_path / "empty.wav", clip]) == [ABC, EMPTY, ABC]
    assert file_hashes([]) == []


def test_a_copy_under_another_name_has_the_same_hash(clip, memory):
    copy = shutil.copy(clip, clip.with_name("b.flac"))
    assert file_hashes([clip, copy], memory) == [ABC, ABC]


def test_an_unchanged_file_is_read_once(clip, memory, read):
    for _ in range(3):
        assert file_hashes([clip, clip], memory) == [ABC, ABC]
    assert read == ["a.wav"]


def test_nothing_is_remembered_without_a_folder(clip, tmp_path, read):
    assert file_hashes([clip]) + file_hashes([clip]) == [ABC, ABC]
    assert read == ["a.wav", "a.wav"]
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_a_file_of_another_size_is_read_again(clip, memory, read):
    file_hashes([clip], memory)
    before = clip.stat().st_mtime_ns
    clip.write_bytes(b"")
    os.utime(clip, ns=(before, before))
    assert file_hashes([clip], memory) == [EMPTY]


def test_a_file_changed_at_another_time_is_read_again(clip, memory, read):
    file_hashes([clip], memory)
    clip.write_bytes(b"cba")
    os.utime(clip, (1e9, 1e9))
    assert file_hashes([clip], memory) == [CBA]
    assert read == ["a.wav", "a.wav"]


def test_a_change_that_keeps_size_and_time_is_seen(clip, memory, read):
    """As ``cp -p`` and ``rsync -t`` make one."""
    file_hashes([clip], memory)
    keep_times(clip, b"cba")
    assert file_hashes([clip], memory) == [CBA]


def test_files_of_one_size_and_time_may_change_places(clip, memory, read):
    """Fixed-length clips unpacked from one archive differ in nothing but their bytes."""
    other, aside = clip.with_name("b.wav"), clip.with_name("aside")
    other.write_bytes(b"cba")
    for path in (clip, other):
        os.utime(path, (1e9, 1e9))
    assert file_hashes([clip, other], memory) == [ABC, CBA]
    clip.rename(aside)
    other.rename(clip)
    aside.rename(other)
    assert file_hashes([clip, other], memory) == [CBA, ABC]


def test_a_file_changed_just_now_is_not_trusted(clip, memory, read, monkeypatch):
    """A second change within one tick of the clock would go unseen."""
    monkeypatch.setattr(hashes, "RACY", 3600.0)
    file_hashes([clip], memory)
    file_hashes([clip], memory)
    assert read == ["a.wav", "a.wav"]


def test_some_files_of_a_corpus_do_not_make_it_forget_the_others(clip, memory, read):
    """Evaluating the test part comes between two trainings."""
    others = [clip.with_name(f"{i}.wav") for i in range(3)]
    for path in others:
        path.write_bytes(b"cba")
    file_hashes([clip, *others], memory)
    read.clear()
    others[0].write_bytes(b"abc")
    assert file_hashes(others[:2], memory) == [ABC, CBA]
    assert file_hashes([clip, *others], memory) == [ABC, ABC, CBA, CBA]
    assert read == ["0.wav"]


def test_files_that_are_gone_are_forgotten(clip, memory, read):
    other = clip.with_name("b.wav")
    other.touch()
    file_hashes([clip, other], memory)
    clip.unlink()
    other.write_bytes(b"abc")
    file_hashes([other], memory)
    (kept,) = memory.iterdir()
    assert list(json.loads(kept.read_text())) == [str(other)]


def test_one_file_is_known_by_its_relative_and_its_absolute_path(clip, memory, read, monkeypatch):
    file_hashes([clip], memory)
    monkeypatch.chdir(clip.parent)
    assert file_hashes([clip.relative_to(clip.parent)], memory) == [ABC]
    assert read == ["a.wav"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\x00", b'{"a": 1}', b'{"a": [1, 2, 3]}', b'{"a": [1e999, 0, 0, ""]}'],
)
def test_a_damaged_memory_is_ignored_and_replaced(clip, memory, read, content):
    file_hashes([clip], memory)
    (kept,) = memory.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(content)
    assert file_hashes([clip], memory) == [ABC]
    assert read == ["a.wav", "a.wav"]
    assert kept.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_only_time(clip, tmp_path, read):
    (tmp_path / "file").touch()
    for _ in range(2):
        assert file_hashes([clip], tmp_path / "file" / "hashes") == [ABC]
    assert read == ["a.wav", "a.wav"]


def test_a_failed_write_leaves_nothing_behind(clip, memory, monkeypatch, read):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hashes.json, "dump", full)
    assert file_hashes([clip], memory) == [ABC]
    assert list(memory.iterdir()) == []


def test_a_missing_file_is_an_error(tmp_path, memory):
    with pytest.raises(FileNotFoundError, match=r"none\.wav"):
        file_hashes([tmp_path / "none.wav"], memory)


def test_a_file_that_cannot_be_read_is_named(clip, monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(hashes, "sha256", closed)
    with pytest.raises(AudioError, match=r"a\.wav: cannot be read \(Permission denied\); make it"):
        file_hashes([clip])


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    (tmp_path / "b.wav").mkdir()
    with pytest.raises(AudioError, match=r"b\.wav: cannot be read \(Is a directory\)"):
        file_hashes([tmp_path / "b.wav"])
