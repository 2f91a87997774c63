"""Arrays that lie on disk while memory is needed for something else."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from speechsent.home import home


class PutAside:
    """An array that lies on disk, where features lie, until it is read again in pieces.

    Where it cannot be written, it stays in memory: that may be too much, a full disk is. To be
    closed; nothing is left of it then.

    Args:
        values: Shape ``(n_rows, n_values)``. Memory is free once nobody else holds them.
    """

    def __init__(self, values: np.ndarray) -> None:
        self._n_values, self._dtype = values.shape[1], values.dtype
        self._file: IO[bytes] | None = None
        try:
            self._file = _written(values)
        except OSError:
            self._kept = values

    def pieces(self, n_rows: int) -> Iterator[np.ndarray]:
        """So many rows at a time, from the first; the last piece may be shorter."""
        if self._file is None:
            yield from (self._kept[i : i + n_rows] for i in range(0, len(self._kept), n_rows))
            return
        self._file.seek(0)
        size = n_rows * self._n_values
        while len(piece := np.fromfile(self._file, self._dtype, size)):
            yield piece.reshape(-1, self._n_values)

    def close(self) -> None:
        """Free the disk."""
        if self._file is not None:
            self._file.close()


def _written(values: np.ndarray) -> IO[bytes]:
    home().mkdir(parents=True, exist_ok=True)
    # Without a name: a process that dies leaves nothing. PutAside closes it.
    file = TemporaryFile(dir=home())  # noqa: SIM115
    try:
        values.tofile(file)
    except OSError:
        file.close()
        raise
    return file
