"""Small pictures as PNG, in as few bytes as a report of hundreds of clips needs."""

import struct
import zlib
from base64 import b64encode

import numpy as np

GREY, ALPHA = 0, 3
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def grey_png(values: np.ndarray) -> bytes:
    """A picture in sixteen shades of grey.

    Args:
        values: From 0 (black) to 1 (white), shape ``(height, width)``.
    """
    shades = np.clip(np.round(values * 15), 0, 15).astype(np.uint8)
    if shades.shape[1] % 2:
        shades = np.pad(shades, ((0, 0), (0, 1)))
    packed = shades[:, ::2] << 4 | shades[:, 1::2]
    return _png(packed, values.shape[1], bits=4, kind=GREY)


def veil_png(values: np.ndarray, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour that covers where values are high, and is clear where they are low.

    Args:
        values: From 0 (clear) to 1 (covers), shape ``(height, width)``.
        colour: Red, green and blue, 0 to 255.
    """
    levels = np.clip(np.round(values * 255), 0, 255).astype(np.uint8)
    palette = _chunk(b"PLTE", bytes(colour) * 256) + _chunk(b"tRNS", bytes(range(256)))
    return _png(levels, values.shape[1], bits=8, kind=ALPHA, before=palette)


def data_uri(content: bytes, kind: str) -> str:
    """A file as an address that holds it.

    Example:
        >>> data_uri(b"ab", "image/png")
        'data:image/png;base64,YWI='
    """
    return f"data:{kind};base64,{b64encode(content).decode()}"


def _png(rows: np.ndarray, width: int, *, bits: int, kind: int, before: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, len(rows), bits, kind, 0, 0, 0)
    unfiltered = np.pad(rows, ((0, 0), (1, 0))).tobytes()  # each row begins with its filter, none
    body = _chunk(b"IDAT", zlib.compress(unfiltered, 9))
    return SIGNATURE + _chunk(b"IHDR", header) + before + body + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check
