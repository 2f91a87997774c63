import io
import stat
import struct
import tarfile
import zipfile

import pytest

from speechsent.corpus.fetch.unpack import unpack
from speechsent.errors import CorpusError

LIMIT = 1_000_000


def unzip(tmp_path, content, **options):
    archive = tmp_path / "a.zip"
    archive.write_bytes(content)
    return unpack(archive, tmp_path / "out", **{"max_bytes": LIMIT} | options)


def tarred(members, mode="w:gz"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for name, content, fields in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def zip_entry(name, content=b"x", mode=0, **fields):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.filename = name  # ZipInfo would tidy it
        info.external_attr = mode << 16
        archive.writestr(info, content)
    return made.getvalue()


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


def test_a_zip_is_unpacked(tmp_path, make_zip):
    calls = []
    content = {"a/b.wav": b"1", "c.wav": b"22"}
    assert unzip(tmp_path, make_zip(content), progress=lambda *c: calls.append(c)) == 2
    assert files(tmp_path / "out") == content
    assert calls == [(1, 2), (2, 2)]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked(tmp_path, mode):
    members = [("d", b"", {"type": tarfile.DIRTYPE}), ("d/b.wav", b"1", {}), ("./c.wav", b"2", {})]
    assert unzip(tmp_path, tarred(members, mode)) == 2
    assert files(tmp_path / "out") == {"d/b.wav": b"1", "c.wav": b"2"}


def test_only_what_is_wanted_is_unpacked(tmp_path, make_zip):
    content = {"r/AudioWAV/a.wav": b"1", "r/AudioMP3/a.mp3": b"2", "r/README": b"3"}
    assert unzip(tmp_path, make_zip(content), keep=("*/AudioWAV/*.wav",)) == 1
    assert files(tmp_path / "out") == {"r/AudioWAV/a.wav": b"1"}


def test_files_of_an_archive_are_not_executable(tmp_path):
    unzip(tmp_path, tarred([("a.wav", b"1", {"mode": 0o4777})]))
    assert not (tmp_path / "out" / "a.wav").stat().st_mode & 0o7111


LINK = {"type": tarfile.SYMTYPE, "linkname": "/etc"}
REFUSED = {
    "zip, above": (zip_entry("../evil.wav"), "'../evil.wav' would lie outside"),
    "zip, above from within": (zip_entry("a/../../evil.wav"), "would lie outside"),
    "zip, absolute": (zip_entry("/evil.wav"), "would lie outside"),
    "zip, drive": (zip_entry("C:/evil.wav"), "not every system"),
    "zip, backslash": (zip_entry("..\\evil.wav"), "not every system"),
    "zip, line break": (zip_entry("a\nb.wav"), "not every system"),
    "zip, link": (zip_entry("a.wav", b"/etc", stat.S_IFLNK | 0o777), "'a.wav' is a link"),
    "zip, device": (zip_entry("a.wav", b"", stat.S_IFBLK | 0o600), "'a.wav' is a device"),
    "tar, above": (tarred([("../evil.wav", b"x", {})]), "would lie outside"),
    "tar, absolute": (tarred([("/evil.wav", b"x", {})]), "would lie outside"),
    "tar, link": (tarred([("a", b"", LINK)]), "'a' is a link"),
    "tar, hard link": (
        tarred([("a", b"", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})]), "is a link",
    ),
    "tar, through a link": (tarred([("a", b"", LINK), ("a/b", b"x", {})]), "'a' is a link"),
    "tar, device": (tarred([("a", b"", {"type": tarfile.CHRTYPE})]), "is a device"),
    "tar, pipe": (tarred([("a", b"", {"type": tarfile.FIFOTYPE})]), "is a device"),
    "tar, twice": (tarred([("a.wav", b"1", {}), ("A.wav", b"2", {})]), "the same name"),
    "tar, file and folder": (tarred([("a", b"1", {}), ("a/b", b"2", {})]), "the same name"),
    "too large": (tarred([("a", bytes(LIMIT + 1), {})]), "or more, 1000000 are allowed"),
    "too large together": (
        tarred([(f"{n}", bytes(LIMIT // 3), {}) for n in range(4)]), "or more, 1000000 are allowed",
    ),
    "no archive": (b"<html>not found</html>", "neither a zip nor a tar archive"),
    "empty": (b"", "neither a zip nor a tar archive"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bad_member_refuses_the_archive_before_a_file_is_written(tmp_path, content, reason):
    with pytest.raises(CorpusError, match=reason) as caught:
        unzip(tmp_path, content)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_a_good_file_beside_a_bad_one_is_not_unpacked_either(tmp_path):
    with pytest.raises(CorpusError, match="refused"):
        unzip(tmp_path, tarred([("good.wav", b"1", {}), ("../evil.wav", b"2", {})]))
    assert not (tmp_path / "out").exists()
    assert not (tmp_path.parent / "evil.wav").exists()


def test_a_zip_that_understates_its_size_is_refused(tmp_path, make_zip):
    """The directory says 5 bytes; a megabyte comes out."""
    content = bytearray(make_zip({"bomb.wav": bytes(LIMIT)}))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 5)
    with pytest.raises(CorpusError, match=r"larger than it says|damaged"):
        unzip(tmp_path, bytes(content))
    written = tmp_path / "out" / "bomb.wav"
    assert not written.exists() or written.stat().st_size <= 5


def test_an_encrypted_file_is_refused(tmp_path, make_zip):
    content = bytearray(make_zip({"a.wav": b"x"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    with pytest.raises(CorpusError, match=r"'a\.wav' is an encrypted file"):
        unzip(tmp_path, bytes(content))


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_ends_early_is_damaged(tmp_path, mode, at, rng):
    content = tarred([(f"{n}.wav", rng.bytes(30_000), {}) for n in range(3)], mode)
    with pytest.raises(CorpusError, match=r"damaged|neither"):
        unzip(tmp_path, content[: int(len(content) * at)])


def test_a_zip_with_a_flipped_bit_is_damaged(tmp_path, make_zip, rng):
    content = bytearray(make_zip({"a.wav": rng.bytes(10_000)}))
    content[5_000] ^= 1
    with pytest.raises(CorpusError, match="damaged archive"):
        unzip(tmp_path, bytes(content))


def test_too_many_members_are_refused(tmp_path, monkeypatch, make_zip):
    monkeypatch.setattr("speechsent.corpus.fetch.unpack.MAX_MEMBERS", 2)
    many = {f"{n}.wav": b"x" for n in range(3)}
    for content in (make_zip(many), tarred([(name, b"x", {}) for name in many])):
        with pytest.raises(CorpusError, match="more than 2 members"):
            unzip(tmp_path, content)


def test_nothing_wanted_is_told(tmp_path, make_zip):
    with pytest.raises(CorpusError, match=r"holds no file \*\.flac"):
        unzip(tmp_path, make_zip({"a.wav": b"x"}), keep=("*.flac",))
