"""What the header of an audio file promises, against what the file holds.

Libsndfile shortens a file that was cut silently, so every container that tells its length is
asked here. Streamed files write a size of 0 or near the largest because they cannot know it: of
those nothing is known to be missing.
"""

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

MANY_CHUNKS = 10_000  # a header with more is no audio file
NIST_HEADER = 1 << 16  # a longer one is no header
OGG_TAIL = 1 << 17  # two pages of the largest size
UNKNOWN_32, UNKNOWN_64 = 2**32 - 1, 2**64 - 1
STREAMED = 0x7FFF_F000  # the least that programs write into a 32-bit length they cannot know

Chunks = Iterator[tuple[bytes, int, int]]  # name, offset and length of each chunk's content


def missing_bytes(path: Path) -> int:
    """Bytes by which a file falls short of what its header says; 0 if whole, or not told."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        return max(0, _promised(file, size) - size)


def _promised(file: BinaryIO, size: int) -> int:
    """Offset of the byte behind the last sample as the header has it; 0 if unknown."""
    head = file.read(16)
    for begins, end_of in READERS.items():
        if re.match(begins, head, re.DOTALL):
            file.seek(0)
            try:
                return end_of(file, size)
            except (struct.error, ValueError):  # the header itself is cut: libsndfile will tell
                return 0
    return 0


def _riff(file: BinaryIO, size: int) -> int:
    order = "<" if file.read(12).startswith(b"RIFF") else ">"
    chunks = _chunks(file, size, f"{order}4sI")
    return _end_of(b"data", chunks, streamed=STREAMED)


def _aiff(file: BinaryIO, size: int) -> int:
    file.seek(12)
    return _end_of(b"SSND", _chunks(file, size, ">4sI"))


def _rf64(file: BinaryIO, size: int) -> int:
    """A 64-bit wav: its first chunk tells the length of the samples."""
    file.seek(12)
    name, _, _, length = struct.unpack("<4sIQQ", file.read(24))
    if name != b"ds64":
        return 0
    file.seek(12)
    starts = (start for name, start, _ in _chunks(file, size, "<4sI") if name == b"data")
    return next((start + length for start in starts), 0)


def _w64(file: BinaryIO, size: int) -> int:
    """Sony Wave64: chunks have long names, and lengths that count the chunk's own head."""
    file.seek(40)
    return _end_of(b"data", _chunks(file, size, "<4s12xQ", counted=24, even=8))


def _caf(file: BinaryIO, size: int) -> int:
    file.seek(8)
    return _end_of(b"data", _chunks(file, size, ">4sQ", even=1))


def _au(file: BinaryIO, size: int) -> int:
    order = ">" if file.read(4) == b".snd" else "<"
    start, length = struct.unpack(f"{order}II", file.read(8))
    return 0 if length in (0, UNKNOWN_32) else start + length


def _nist(file: BinaryIO, size: int) -> int:
    """NIST SPHERE: a header of text, whose second line tells its own length."""
    start = int(file.read(16).split()[1])
    file.seek(0)
    told = dict(
        re.findall(rb"^(\w+) -\w+ (\d+)$", file.read(min(start, NIST_HEADER)), re.MULTILINE)
    )
    length = int(told.get(b"sample_count", 0)) * int(told.get(b"sample_n_bytes", 0))
    return start + length * int(told.get(b"channel_count", 1)) if length else 0


def _ogg(file: BinaryIO, size: int) -> int:
    """Ogg has no length; but its last page tells how long that page is."""
    start = max(0, size - OGG_TAIL)
    file.seek(start)
    tail = file.read()
    page = tail.rfind(b"OggS\0")
    lacing = page + 27  # a byte for each segment of the page: how long it is
    if page < 0 or lacing > len(tail):
        return 0
    lengths = tail[lacing : lacing + tail[lacing - 1]]
    return start + lacing + tail[lacing - 1] + sum(lengths)


def _chunks(file: BinaryIO, size: int, head: str, *, counted: int = 0, even: int = 2) -> Chunks:
    """Walk over chunks, from where the file stands.

    Args:
        file: The file.
        size: Its length in bytes.
        head: Layout of a chunk's name and length.
        counted: Bytes of the head that the length includes.
        even: Chunks begin at multiples of this.
    """
    layout = struct.Struct(head)
    for _ in range(MANY_CHUNKS):
        if file.tell() + layout.size > size:
            return
        name, length = layout.unpack(file.read(layout.size))
        start = file.tell()
        length = length if _unknown(length) else max(0, length - counted)
        yield name, start, length
        if start + length > size:
            return
        file.seek(start + length + -length % even)


def _end_of(wanted: bytes, chunks: Chunks, *, streamed: int = UNKNOWN_64) -> int:
    """Offset just behind the chunk ``wanted``; 0 if there is none, or its length is unknown.

    Args:
        wanted: Name of the chunk.
        chunks: The chunks of a file.
        streamed: From this length on, it is what a program writes that does not know it.
    """
    for name, start, length in chunks:
        if name == wanted:
            return 0 if _unknown(length) or length >= streamed else start + length
    return 0


def _unknown(length: int) -> bool:
    return length in (0, UNKNOWN_32, UNKNOWN_64)


READERS: dict[bytes, Callable[[BinaryIO, int], int]] = {
    rb"RIF[FX].{4}WAVE": _riff,
    rb"FORM.{4}AIF[FC]": _aiff,
    rb"RF64.{4}WAVE": _rf64,
    rb"riff\x2e\x91\xcf\x11": _w64,
    rb"caff": _caf,
    rb"\.snd|dns\.": _au,
    rb"NIST_1A\n": _nist,
    rb"OggS": _ogg,
}
