"""Fetch a published corpus: licence, room, download, checksum, unpacking, a name at the end."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote

from speechsent.corpus.fetch import workplace
from speechsent.corpus.fetch.at_hand import RECORD, count_clips
from speechsent.corpus.fetch.pointers import fill, pointers
from speechsent.corpus.fetch.remote import Remote
from speechsent.corpus.fetch.sources import Source, source
from speechsent.corpus.fetch.transfer import Progress, digest, mismatch, transfer
from speechsent.corpus.fetch.unpack import unpack
from speechsent.errors import CorpusError, DownloadError, ParameterError

MIRROR = "SPEECHSENT_MIRROR"
Told = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A corpus that is at hand now.

    Args:
        name: Its name.
        folder: Where it is.
        n_clips: Files that are named as the corpus names its clips.
        n_published: Clips as published.
        origin: Address or archive it came from.
        sha256: Hash of the archive in hex.
        verified: Whether the archive, or each clip in it, was checked against a published hash.
        licence: What was accepted.
        citation: What to cite.
        protocol: The named protocol to start with.
    """

    name: str
    folder: str
    n_clips: int
    n_published: int
    origin: str
    sha256: str
    verified: bool
    licence: str
    citation: str
    protocol: str


def fetch(
    name: str,
    folder: Path | None = None,
    *,
    accept_licence: bool = False,
    url: str | None = None,
    archive: Path | None = None,
    told: Told | None = None,
) -> Fetched:
    """Download a published corpus, or take its archive, and unpack it into a new folder.

    The folder appears when it is whole. Until then all lies in a hidden folder beside it, from
    which a further call goes on.

    Args:
        name: Its name, such as ``"ravdess"``.
        folder: New folder; by default one of that name here.
        accept_licence: That the terms of the corpus are known and accepted.
        url: Another address of the same archive; or ``SPEECHSENT_MIRROR`` names a folder of all.
        archive: The archive, where it is here already.
        told: Called with (stage, steps done, steps in all or 0); a download counts bytes.

    Raises:
        ParameterError: If the corpus is unknown or its licence not accepted.
        CorpusError: If the folder is taken, the disk too small, or the archive refused.
        DownloadError: If the download fails, or is not the published file.
    """
    chosen = from_where(source(name), url)
    if not accept_licence:
        raise ParameterError(
            f"{name} has a licence to accept first: {chosen.licence} ({chosen.licence_url}). "
            "Received: accept_licence=False"
        )
    if archive is None and chosen.url is None:
        raise DownloadError(by_hand(chosen))
    folder = Path(folder or name)
    workplace.check_free(folder)
    with workplace.workplace(folder) as work:
        _check_room(chosen, work)
        path = archive or _download(chosen, work, told)
        try:
            fetched = _unpacked(chosen, path, work, told)
        except CorpusError:
            if archive is None and chosen.checksum is None:
                path.unlink()  # or every further call would stumble over it
            raise
        fetched = replace(fetched, folder=str(folder), origin=str(archive or chosen.url))
        _finish(fetched, work / workplace.UNPACKED, folder)
    return fetched


def from_where(chosen: Source, url: str | None) -> Source:
    """The corpus at the address that was named, or on the mirror, or at its own."""
    mirror = os.environ.get(MIRROR)
    if url is None and mirror:
        url = f"{mirror.rstrip('/')}/{quote(chosen.file)}"
    return replace(chosen, url=url or chosen.url)


def by_hand(chosen: Source) -> str:
    """What to do for a corpus that no address leads to."""
    return (
        f"{chosen.name} has no address to download from: get it at {chosen.page} and give the "
        f"file with --archive FILE (there: {chosen.file})"
    )


def _check_room(chosen: Source, work: Path) -> None:
    free = workplace.free_bytes(work)
    if free < chosen.needs:
        raise CorpusError(
            f"{work.parent}: {chosen.name} needs about {chosen.needs / 1e6:.0f} MB on the disk, "
            f"{free / 1e6:.0f} MB are free"
        )


def _download(chosen: Source, work: Path, told: Told | None) -> Path:
    path = work / chosen.file
    remote = Remote(
        url=str(chosen.url),
        size=chosen.bytes,
        checksum=chosen.checksum,
        max_bytes=chosen.bytes or chosen.unpacked,
    )
    if not path.is_file():  # it is here where a former call was stopped while unpacking
        transfer(remote, path, _stage(told, "download"))
    return path


def _check_archive(chosen: Source, path: Path) -> str:
    """SHA-256 of an archive that is what was published, as far as that can be told."""
    if not path.is_file():
        what = "a folder; name the archive" if path.is_dir() else "no such file"
        raise CorpusError(f"{path}: {what}")
    reason = mismatch(path, chosen.bytes, chosen.checksum)
    if reason:
        raise CorpusError(f"{path}: not the published archive of {chosen.name} ({reason})")
    return digest(path, "sha256")


def _unpacked(chosen: Source, path: Path, work: Path, told: Told | None) -> Fetched:
    """The clips of an archive in their folder, and what is known of them."""
    sha256 = _check_archive(chosen, path)
    folder = work / workplace.UNPACKED
    if folder.exists():
        shutil.rmtree(folder)
    room = min(chosen.unpacked, workplace.free_bytes(work))
    unpack(path, folder, max_bytes=room, keep=chosen.keep, progress=_stage(told, "unpack"))
    each_verified = bool(chosen.pointed) and _fill(chosen, work, told)
    return Fetched(
        name=chosen.name,
        folder=str(folder),
        n_clips=_count(chosen, path, folder),
        n_published=chosen.n_clips,
        origin=str(path),
        sha256=sha256,
        verified=each_verified or chosen.checksum is not None,
        licence=chosen.licence,
        citation=chosen.citation,
        protocol=chosen.protocol,
    )


def _fill(chosen: Source, work: Path, told: Told | None) -> bool:
    """Fetch what the archive only points to; false if it holds the clips themselves."""
    folder = work / workplace.UNPACKED
    found = pointers(folder)
    if found:
        root = folder / next(iter(found)).relative_to(folder).parts[0]
        fill(found, root, chosen.pointed, work / "clips", _stage(told, "clips"))
    return bool(found)


def _stage(told: Told | None, stage: str) -> Progress | None:
    return (lambda done, total: told(stage, done, total)) if told else None


def _count(chosen: Source, path: Path, folder: Path) -> int:
    n_clips = count_clips(chosen.name, folder)
    if n_clips == 0:
        raise CorpusError(f"{path}: no file in it is named as {chosen.name} names its clips")
    return n_clips


def _finish(fetched: Fetched, unpacked: Path, folder: Path) -> None:
    """Note where it comes from, and give the folder its name."""
    note = json.dumps(asdict(fetched), indent=2, ensure_ascii=False)
    (unpacked / RECORD).write_text(note + "\n", encoding="utf-8")
    try:
        unpacked.replace(folder)
    except OSError as error:
        raise CorpusError(f"{folder}: cannot be made ({error.strerror})") from error
