"""Features kept between runs: found by the audio's bytes and the parameters, checked before use.

Each extraction that had something to compute adds one pack a view. Packs are never changed, so
any number of processes may read and write the same cache at once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from speechsent.corpus.utterance import Utterance
from speechsent.features.extraction import Extractor
from speechsent.features.pack import DamagedPackError, Pack, write_pack
from speechsent.home import home

FORMAT = 1  # raise it when extraction changes in a way the parameters do not show
MAX_BYTES = 20 << 30
# Parts of the extractor each view depends on; all depend on the spectrogram, which trims them.
PARTS = {
    "log_mel": ("audio", "log_mel", "trim_db"),
    "mfcc": ("audio", "log_mel", "mfcc", "trim_db"),
    "prosody": ("audio", "log_mel", "prosody", "trim_db"),
}


def clip_key(file_hash: str, utterance: Utterance) -> bytes:
    """32 bytes that name the audio of a clip: the file's bytes and the stretch."""
    return hashlib.sha256(f"{file_hash} {utterance.start!r} {utterance.end!r}".encode()).digest()


def view_key(extractor: Extractor, view: str) -> str:
    """Name of what is computed: the view, its parameters, and the format."""
    fields = asdict(extractor)
    chosen = repr([(part, fields[part]) for part in PARTS[view]])
    return f"{view}-{hashlib.sha256(f'{FORMAT} {chosen}'.encode()).hexdigest()[:24]}"


@dataclass(frozen=True)
class CacheInfo:
    """What a cache holds: packs, their clips' sequences, and bytes on disk."""

    folder: Path
    n_packs: int
    n_bytes: int


class FeatureCache:
    """The packs below a folder.

    Args:
        folder: Where they are; ``features/`` in the home of speechsent if not given.
        max_bytes: Once they are larger than this, the packs longest unused are deleted.
    """

    def __init__(self, folder: Path | None = None, *, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder or home() / "features"
        self.max_bytes = max_bytes

    def open(self, extractor: Extractor, view: str) -> "KeptView":
        """Open all packs of a view; damaged ones are deleted and count as missing."""
        packs = []
        for path in sorted((self.folder / view_key(extractor, view)).glob("*.pack")):
            try:
                packs.append(Pack(path))
            except DamagedPackError:
                path.unlink(missing_ok=True)
            except OSError:  # pruned by another process since it was listed
                continue
        return KeptView(packs)

    def add(
        self,
        extractor: Extractor,
        view: str,
        keys: Sequence[bytes],
        sequences: Sequence[np.ndarray],
        notes: dict[int, list[str]],
    ) -> Pack:
        """Keep sequences, and make room for them if need be.

        Raises:
            OSError: If they cannot be written.
        """
        path = write_pack(self.folder / view_key(extractor, view), keys, sequences, notes)
        self.prune(self.max_bytes, spare=path)
        return Pack(path)

    def info(self) -> CacheInfo:
        """Count what is there."""
        sizes = [size for _, size, _ in self._packs()]
        return CacheInfo(self.folder, len(sizes), sum(sizes))

    def prune(self, max_bytes: int, *, spare: Path | None = None) -> CacheInfo:
        """Delete the packs longest unused until the rest fits.

        Args:
            max_bytes: Most bytes to keep.
            spare: A pack that stays in any case.
        """
        packs = self._packs()
        total = sum(size for _, size, _ in packs)
        for _, size, path in packs:
            if total <= max_bytes:
                break
            if path != spare:
                path.unlink(missing_ok=True)
                total -= size
        return self.info()

    def _packs(self) -> list[tuple[float, int, Path]]:
        """Time of last use, size and path of each pack, longest unused first."""
        found = []
        for path in self.folder.glob("*/*.pack"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            found.append((status.st_mtime, status.st_size, path))
        return sorted(found)


class KeptView:
    """Where the sequences of one view lie, by the clips' keys."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._packs = packs

    def find(self, key: bytes) -> tuple[Pack, int] | None:
        """The pack that holds a clip, and its place in there."""
        for pack in self._packs:
            place = pack.places.get(key)
            if place is not None:
                return pack, place
        return None
