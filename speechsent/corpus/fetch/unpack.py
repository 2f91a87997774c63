"""Unpack an archive of a stranger: everything is checked before the first file is written."""

import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from lzma import LZMAError
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from speechsent.errors import CorpusError, some

CHUNK = 1 << 20
MAX_MEMBERS = 100_000
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, struct.error, EOFError,
          NotImplementedError, UnicodeDecodeError)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Member:
    """One entry of an archive.

    Args:
        name: Its path as the archive has it.
        kind: ``"file"``, ``"folder"``, or what else it is, in words.
        size: Declared bytes when unpacked.
        open: Opens its content.
    """

    name: str
    kind: str
    size: int
    open: Callable[[], AbstractContextManager[IO[bytes] | None]]

    @property
    def parts(self) -> tuple[str, ...]:
        """Folders and name."""
        return PurePosixPath(self.name).parts


def unpack(
    archive: Path,
    folder: Path,
    *,
    max_bytes: int,
    keep: Sequence[str] = ("*",),
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Unpack a zip or tar archive into a new folder.

    A member that would leave the folder, a link, a device, an encrypted file, two members of one
    name: the archive is refused as a whole. Sizes are counted while unpacking, whatever is
    declared.

    Args:
        archive: The archive.
        folder: Where its files go; must not exist.
        max_bytes: It may unpack to no more than this.
        keep: Patterns of the members to unpack (``"*/AudioWAV/*"``); all others are checked only.
        progress: Called with (files done, files in all).

    Returns:
        Number of files written.

    Raises:
        CorpusError: If the file is no archive or damaged, or a member is refused.
    """
    with _members(archive, max_bytes) as members:
        _check(archive, members, max_bytes)
        files = [m for m in members if m.kind == "file" and _wanted(m.name, keep)]
        if not files:
            raise CorpusError(f"{archive}: holds no file {' or '.join(keep)}")
        folder.mkdir(parents=True)
        room = max_bytes
        for done, member in enumerate(files, start=1):
            room -= _write(archive, member, folder, room)
            if progress:
                progress(done, len(files))
    return len(files)


def _wanted(name: str, keep: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in keep)


@contextmanager
def _members(archive: Path, max_bytes: int) -> Iterator[list[Member]]:
    """All entries of a zip or tar file; damage found while they are used is told in one line."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                yield [_of_zip(opened, info) for info in opened.infolist()]
        elif archive.is_file() and tarfile.is_tarfile(archive):
            with tarfile.open(archive) as opened_tar:
                yield [
                    _of_tar(opened_tar, info)
                    for info in _tar_entries(archive, opened_tar, max_bytes)
                ]
        else:
            raise CorpusError(f"{archive}: {_no_archive(archive)}")
    except DAMAGE as error:
        raise CorpusError(f"{archive}: damaged archive ({error})") from error
    except OSError as error:  # from the disk with a number, from a decompressor without
        what = "cannot be read" if error.errno else "damaged archive"
        raise CorpusError(f"{archive}: {what} ({error.strerror or error})") from error


def _no_archive(path: Path) -> str:
    return "neither a zip nor a tar archive" if path.is_file() else "no such file"


def _tar_entries(
    archive: Path, opened: tarfile.TarFile, max_bytes: int
) -> Iterator[tarfile.TarInfo]:
    """Entries one by one: listing a tar unpacks it in memory, so a bomb is left early."""
    total = 0
    for count, info in enumerate(opened, start=1):
        total += info.size
        if count > MAX_MEMBERS:
            raise CorpusError(f"{archive}: refused: more than {MAX_MEMBERS} members")
        if total > max_bytes:
            raise _too_large(archive, total, max_bytes)
        yield info


def _too_large(archive: Path, total: int, max_bytes: int) -> CorpusError:
    return CorpusError(
        f"{archive}: refused: unpacks to {total} bytes or more, {max_bytes} are allowed"
    )


def _of_zip(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    mode = info.external_attr >> 16  # the Unix mode, where the archive was made on one
    kind = "folder" if info.is_dir() else "file"
    if info.flag_bits & 1:
        kind = "an encrypted file"
    elif stat.S_ISLNK(mode):
        kind = "a link"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "a device"
    name = info.orig_filename if "\0" in info.orig_filename else info.filename
    return Member(name=name, kind=kind, size=info.file_size, open=lambda: opened.open(info))


def _of_tar(opened: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    kind = "a device"
    if info.isdir():
        kind = "folder"
    elif info.issym() or info.islnk():
        kind = "a link"
    elif info.isreg() and not info.issparse():
        kind = "file"

    @contextmanager
    def content() -> Iterator[IO[bytes] | None]:
        yield opened.extractfile(info)

    return Member(name=info.name, kind=kind, size=info.size, open=content)


def _check(archive: Path, members: Sequence[Member], max_bytes: int) -> None:
    """Refuse the archive for its worst members."""
    if len(members) > MAX_MEMBERS:
        raise CorpusError(f"{archive}: refused: more than {MAX_MEMBERS} members")
    bad = [f"{m.name!r} {reason}" for m in members if (reason := _reason(m))]
    if bad:
        raise CorpusError(f"{archive}: refused: {some(bad)}")
    files = [tuple(part.casefold() for part in m.parts) for m in members if m.kind == "file"]
    seen = set(files)
    folders = {path[:n] for path in files for n in range(1, len(path))}
    if len(seen) < len(files) or seen & folders:
        raise CorpusError(f"{archive}: refused: several members have the same name")
    total = sum(m.size for m in members)
    if total > max_bytes:
        raise _too_large(archive, total, max_bytes)


def _reason(member: Member) -> str:
    """Why a member is not unpacked; empty if it is."""
    if member.kind not in ("file", "folder"):
        return f"is {member.kind}"
    name = member.name
    if "\\" in name or ":" in name or any(ord(letter) < 32 for letter in name):
        return "has a name that not every system can have"
    leaves = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive
    if leaves or ".." in member.parts or not (member.parts or member.kind == "folder"):
        return "would lie outside the folder"
    return ""


def _write(archive: Path, member: Member, folder: Path, room: int) -> int:
    """Write one file of at most ``room`` bytes; returns how many it has."""
    path = folder.joinpath(*member.parts)
    written = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with member.open() as source, path.open("xb") as target:
            while source and (chunk := source.read(CHUNK)):
                written += len(chunk)
                if written > min(room, member.size):
                    raise CorpusError(f"{archive}: refused: {member.name!r} is larger than it says")
                target.write(chunk)
    except OSError as error:
        if error.errno is None:  # a decompressor's
            raise
        raise CorpusError(f"{path}: cannot be written ({error.strerror})") from error
    return written
