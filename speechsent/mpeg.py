"""How much sound an MP3 holds, whatever it tells.

An MP3 has no length of its own. Libsndfile takes that of the first frame, if an encoder has noted
it there, and guesses it from the size of the next one if not, and reads no further: of a file whose
quality varies, or of two that were joined, the rest would be lost without a word.

References:
    ISO/IEC 11172-3 (1993) and 13818-3 (1998), 2.4.2.3: the header of a frame.
"""

import mmap
from pathlib import Path

HEADER, TAG = 4, 10  # bytes of the header of a frame, and of that of an ID3v2 tag
SYNC = 0xFFE0_0000
SAME = 0xFFFE_0C00  # what the frames of a file share: sync, version, layer, rate
LAYER_3 = 1
MPEG_1 = 3
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
MANY_LOST = 10_000  # places where a frame should be and is none: whoever has more is no recording
SPARE = 8  # frames: what encoders put before and behind the sound, and the one that tells of it


def untold_samples(path: Path, told: int) -> int:
    """Samples of an MP3 that lie behind the end it tells; 0 if there are none.

    Args:
        path: The file.
        told: How many samples it tells of.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        n_frames, size = _frames(content)
    surplus = n_frames * size - told
    return surplus if surplus > SPARE * size else 0


def _frames(content: mmap.mmap) -> tuple[int, int]:
    """Frames of layer III, all like the first one, and the samples in each."""
    place, kind, n_frames, n_lost = 0, 0, 0, 0
    while 0 <= place <= len(content) - HEADER and n_lost < MANY_LOST:
        header = int.from_bytes(content[place : place + HEADER])
        length = _length(header)
        if length and kind in (0, header & SAME):
            kind = header & SAME
            n_frames += 1
            place += length
        elif content[place : place + 3] == b"ID3":
            place += _tag_length(content[place : place + TAG])
        else:
            place = content.find(b"\xff", place + 1)
            n_lost += 1
    return n_frames, 1152 if _version(kind) == MPEG_1 else 576


def _length(header: int) -> int:
    """Bytes of a frame of layer III; 0 if this is not the header of one."""
    version, rate = _version(header), header >> 10 & 3
    if header & SYNC != SYNC or header >> 17 & 3 != LAYER_3 or version not in RATES or rate == 3:
        return 0
    first = version == MPEG_1
    kbits = (KBITS_1 if first else KBITS_2)[header >> 12 & 15]
    if not kbits:
        return 0
    return (144_000 if first else 72_000) * kbits // RATES[version][rate] + (header >> 9 & 1)


def _version(header: int) -> int:
    return header >> 19 & 3


def _tag_length(head: bytes) -> int:
    """Bytes of an ID3v2 tag, whose length has seven bits a byte."""
    length = 0
    for byte in head[6:]:
        length = length << 7 | byte & 0x7F
    return TAG + length
