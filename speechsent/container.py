"""What a RIFF or AIFF header promises, against what the file holds."""

import struct
from pathlib import Path
from typing import BinaryIO


def missing_bytes(path: Path) -> int:
    """Bytes by which a RIFF or AIFF file falls short of its sample chunk; 0 if whole.

    Libsndfile shortens such a file silently. Streamed files write a size of 0 or 2^32 - 1
    because they cannot know it, and are taken as they are.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kind = file.read(12)
        if kind[:4] == b"RIFF" and kind[8:] == b"WAVE":
            end = _chunk_end(file, size, wanted=b"data", order="<")
        elif kind[:4] == b"FORM" and kind[8:] in (b"AIFF", b"AIFC"):
            end = _chunk_end(file, size, wanted=b"SSND", order=">")
        else:
            return 0
    return max(0, end - size)


def _chunk_end(file: BinaryIO, size: int, *, wanted: bytes, order: str) -> int:
    """Offset just after the chunk ``wanted`` as its header declares it; 0 if unknown."""
    while file.tell() < size:
        head = file.read(8)
        if len(head) < 8:
            return 0
        length = int(struct.unpack(f"{order}I", head[4:])[0])
        if head[:4] == wanted:
            return 0 if length in (0, 0xFFFFFFFF) else file.tell() + length
        file.seek(length + length % 2, 1)  # chunks are padded to even lengths
    return 0
