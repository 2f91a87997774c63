"""One file of features: many clips' sequences of one view, each with a checksum.

Layout, little-endian: magic, number of clips, values per frame, length of the notes; the index;
the notes (JSON); CRC-32 of all that; then the frames of all clips, float32, clip after clip.
"""

import json
import os
import struct
import tempfile
import weakref
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

MAGIC = b"SPEECHS1"
HEAD = struct.Struct("<8sQQQ")
ROW = np.dtype([("key", "V32"), ("first", "<u8"), ("n_frames", "<u8"), ("crc", "<u4")])
FLOAT = np.dtype("<f4")


class DamagedPackError(Exception):
    """A pack is not what was written; whoever reads it computes the features again."""


def write_pack(
    folder: Path,
    keys: Sequence[bytes],
    sequences: Sequence[np.ndarray],
    notes: Mapping[int, Sequence[str]],
) -> Path:
    """Write a pack under a name no other process can choose; it appears whole or not at all.

    Args:
        folder: Where it goes.
        keys: 32 bytes for each clip.
        sequences: Features of each clip, ``(n_frames, n_values)``, one width for all.
        notes: What was odd about a clip, by its place in ``keys``.

    Returns:
        The new file.
    """
    lengths = np.array([len(sequence) for sequence in sequences], np.int64)
    rows = np.zeros(len(keys), ROW)
    rows["key"] = np.array(keys, "V32")
    rows["first"] = np.cumsum(lengths) - lengths
    rows["n_frames"] = lengths
    blocks = [np.ascontiguousarray(sequence, FLOAT).tobytes() for sequence in sequences]
    rows["crc"] = [zlib.crc32(block) for block in blocks]
    told = json.dumps({str(place): list(texts) for place, texts in notes.items()}).encode()
    head = HEAD.pack(MAGIC, len(keys), sequences[0].shape[1], len(told)) + rows.tobytes() + told
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(head + struct.pack("<I", zlib.crc32(head)))
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        final = folder / f"{Path(temporary).name.removeprefix('.writing-')}.pack"
        Path(temporary).replace(final)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return final


class Pack:
    """An open pack; sequences are read when asked for and checked when first read.

    Args:
        path: The file.

    Raises:
        DamagedPackError: If its head is not what was written.
        OSError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)
        try:
            self._read_head()
        except (ValueError, struct.error, DamagedPackError) as error:
            self._file.close()
            raise DamagedPackError(f"{path}: {error}") from error

    def _read_head(self) -> None:
        fixed = self._file.read(HEAD.size)
        magic, n_clips, width, n_told = HEAD.unpack(fixed)
        size = n_clips * ROW.itemsize + n_told
        if magic != MAGIC or size > os.fstat(self._file.fileno()).st_size:
            raise DamagedPackError("not a pack of this format")
        variable = self._file.read(size)
        (crc,) = struct.unpack("<I", self._file.read(4))
        if crc != zlib.crc32(fixed + variable):
            raise DamagedPackError("its index is damaged")
        self.rows = np.frombuffer(variable, ROW, n_clips)
        self.places = {bytes(key): place for place, key in enumerate(self.rows["key"].tolist())}
        told = json.loads(variable[n_clips * ROW.itemsize :])
        self.notes: dict[int, list[str]] = {int(place): texts for place, texts in told.items()}
        self._firsts, self._lengths = self.rows["first"].tolist(), self.rows["n_frames"].tolist()
        self._width = int(width)
        self._data = HEAD.size + size + 4
        self._checked = np.zeros(n_clips, bool)

    def __getitem__(self, place: int) -> np.ndarray:
        """Sequence of a clip, ``(n_frames, n_values)``.

        Raises:
            DamagedPackError: If the bytes are not those that were written.
        """
        first, n_frames = self._firsts[place], self._lengths[place]
        n_bytes = n_frames * self._width * FLOAT.itemsize
        offset = self._data + first * self._width * FLOAT.itemsize
        data = os.pread(self._file.fileno(), n_bytes, offset)
        trusted = self._checked[place] or zlib.crc32(data) == int(self.rows["crc"][place])
        if len(data) != n_bytes or not trusted:
            raise DamagedPackError(f"{self.path}: clip {place} is damaged")
        self._checked[place] = True
        return np.frombuffer(data, FLOAT).reshape(n_frames, self._width)
