"""One file with the state of a training: facts and arrays, under a digest of all its bytes.

Layout: the SHA-256 of everything behind the first line end, in hex; a line of JSON; an ``.npz``
archive without pickled objects.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.errors import RunError
from speechsent.writing import write_bytes

FORMAT = 1


@dataclass(frozen=True)
class Snapshot:
    """Facts about a training, and its arrays in groups.

    Args:
        facts: What JSON can hold.
        arrays: Arrays of each group, such as ``"model"``, in their order.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, Sequence[np.ndarray]]

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            SaveError: If there is no room for it.
        """
        told = {"format": FORMAT, **self.facts}
        told["groups"] = {group: len(arrays) for group, arrays in self.arrays.items()}
        content = json.dumps(told).encode() + b"\n" + self._packed()
        write_bytes(path, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)

    @classmethod
    def read(cls, path: Path) -> "Snapshot | None":
        """What was written; None if there is no such file, or not a byte of it can be trusted.

        Raises:
            RunError: If another version of this package wrote it.
        """
        try:
            digest, _, content = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return None
        line, _, packed = content.partition(b"\n")
        facts = json.loads(line)
        if facts.get("format") != FORMAT:
            raise RunError(
                f"{path}: a checkpoint of format {facts.get('format')}, this version reads "
                f"{FORMAT}; go on with the version that wrote it, or train again"
            )
        return cls(facts, _unpacked(packed, facts["groups"]))

    def _packed(self) -> bytes:
        named = {
            _name(group, i): array
            for group, arrays in self.arrays.items()
            for i, array in enumerate(arrays)
        }
        stream = io.BytesIO()
        np.savez(stream, **named)  # type: ignore[arg-type]
        return stream.getvalue()


def _unpacked(packed: bytes, groups: Mapping[str, int]) -> dict[str, list[np.ndarray]]:
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        return {group: [archive[_name(group, i)] for i in range(n)] for group, n in groups.items()}


def _name(group: str, place: int) -> str:
    return f"{group}-{place}"


class Slots:
    """Two files written in turn, so that the newest whole state is never overwritten.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self.paths = (folder / "a.checkpoint", folder / "b.checkpoint")
        self._next, self._number = 0, 0

    def newest(self) -> Snapshot | None:
        """The state written last; the one before it, if the last one is damaged.

        Raises:
            RunError: If another version of this package wrote it.
        """
        found = [snapshot for path in self.paths if (snapshot := Snapshot.read(path))]
        best = max(found, key=lambda snapshot: int(snapshot.facts["number"]), default=None)
        if best is None:
            return None
        self._number = int(best.facts["number"]) + 1
        self._next = 1 - int(best.facts["slot"])
        return best

    def write(self, facts: Mapping[str, Any], arrays: Mapping[str, Sequence[np.ndarray]]) -> None:
        """Keep a state in place of the older one.

        Raises:
            SaveError: If there is no room for it; what was written before is still there.
        """
        counted = {**facts, "number": self._number, "slot": self._next}
        Snapshot(counted, arrays).write(self.paths[self._next])
        self._number += 1
        self._next = 1 - self._next
