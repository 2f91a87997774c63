"""HDF5 files of weights, looked over before anything is read from them.

The format can do much more than hold arrays: point into other files, declare terabytes that are
not there, pack zeros a thousandfold, contain itself. A file that does is no file of weights.
"""

from pathlib import Path
from typing import Any

import h5py

from speechsent.errors import WeightsError

MAX_BYTES = 8 << 30
MAX_OBJECTS = 100_000
MAX_DEPTH = 64
NUMBERS = "fiub"  # kinds of NumPy dtypes: floats, whole numbers, truth values


def check_weights(path: Path) -> int:
    """Refuse a file that holds anything but arrays of numbers, as they are.

    Args:
        path: The file.

    Returns:
        How many numbers it holds.

    Raises:
        WeightsError: If it is no HDF5 file, or does what arrays need not.
    """
    try:
        with h5py.File(path, "r") as file:
            return _Look().over(file)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from error
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise WeightsError(f"{path}: not a readable HDF5 file ({reason})") from error


class _Look:
    """One walk over a file; what was counted so far."""

    def __init__(self) -> None:
        self.seen: set[Any] = set()
        self.n_bytes = 0

    def over(self, group: Any, depth: int = 0) -> int:
        """Count the numbers below a group."""
        if depth > MAX_DEPTH:
            raise WeightsError(f"its groups are nested deeper than {MAX_DEPTH} levels")
        return sum(self._item(group, name, depth) for name in group)

    def _item(self, group: Any, name: str, depth: int) -> int:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise WeightsError(f"{name[:80]!r} is a link to another place; weights need none")
        item = group[name]
        place = h5py.h5o.get_info(item.id).addr
        if place in self.seen or len(self.seen) > MAX_OBJECTS:
            raise WeightsError(f"{name[:80]!r} is there twice, or is one of too many")
        self.seen.add(place)
        return self._array(item) if isinstance(item, h5py.Dataset) else self.over(item, depth + 1)

    def _array(self, array: Any) -> int:
        """Numbers in an array that lies in the file as it is."""
        told = array.name[:80]
        if array.dtype.kind not in NUMBERS:
            raise WeightsError(f"{told!r} holds {array.dtype}, not numbers")
        layout = array.id.get_create_plist()
        if array.external or array.is_virtual:
            raise WeightsError(f"{told!r} lies in another file; weights need none")
        n_numbers = int(array.size or 0)
        n_bytes = n_numbers * array.dtype.itemsize
        compact = layout.get_layout() == h5py.h5d.COMPACT
        if layout.get_nfilters() or (not compact and array.id.get_storage_size() < n_bytes):
            raise WeightsError(f"{told!r} is compressed, or not all there; save it as it is")
        self.n_bytes += n_bytes
        if self.n_bytes > MAX_BYTES:
            raise WeightsError(f"holds more than {MAX_BYTES >> 30} GiB")
        return n_numbers
