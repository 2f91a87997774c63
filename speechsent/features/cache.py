"""Features kept between runs: found by the audio's bytes and the parameters, checked before use.

Each extraction that had something to compute adds one pack a view. Packs are never changed, so
any number of processes may read and write the same cache at once.
"""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from speechsent.corpus.utterance import Utterance
from speechsent.features.extraction import Extractor
from speechsent.features.pack import DamagedPackError, Pack, write_pack
from speechsent.home import home

FORMAT = 4  # raise it when extraction changes in a way the parameters do not show
MAX_BYTES = 20 << 30
ABANDONED = 3600.0  # a file nobody has written to for so many seconds will not be finished

Place = tuple[Pack, int]  # a pack and the place of a clip in there

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

    def find(self, extractor: Extractor, view: str, keys: Sequence[bytes]) -> dict[bytes, Place]:
        """Where the clips of a view lie that are kept."""
        return self.find_in(view_key(extractor, view), keys)

    def find_in(self, name: str, keys: Sequence[bytes]) -> dict[bytes, Place]:
        """Where the keys lie that are kept under a name; damaged packs are deleted.

        Only packs that hold a wanted key stay open, and only they count as used.
        """
        wanted, places = set(keys), dict[bytes, Place]()
        for path in sorted((self.folder / name).glob("*.pack")):
            pack = _sound_pack(path)
            held = wanted & pack.places.keys() if pack else set()
            if pack and held:
                places |= {key: (pack, pack.places[key]) for key in held}
                wanted -= held
                with suppress(OSError):  # the time of use decides what is pruned first
                    os.utime(path)
        return places

    def add(
        self,
        extractor: Extractor,
        view: str,
        keys: Sequence[bytes],
        sequences: Sequence[np.ndarray],
        notes: Mapping[int, Sequence[str]],
    ) -> Pack:
        """Keep sequences of a view, and make room for them if need be.

        Raises:
            OSError: If they cannot be written.
        """
        return self.add_to(view_key(extractor, view), keys, sequences, notes)

    def add_to(
        self,
        name: str,
        keys: Sequence[bytes],
        sequences: Sequence[np.ndarray],
        notes: Mapping[int, Sequence[str]] = MappingProxyType({}),
    ) -> Pack:
        """Keep sequences under a name, and make room for them if need be.

        Raises:
            OSError: If they cannot be written.
        """
        path = write_pack(self.folder / name, keys, sequences, notes)
        self.prune(self.max_bytes, spare=path)
        return Pack(path)

    def info(self) -> CacheInfo:
        """Count what is there."""
        sizes = [size for _, size, _ in self._packs()]
        return CacheInfo(self.folder, len(sizes), sum(sizes))

    def prune(self, max_bytes: int, *, spare: Path | None = None) -> CacheInfo:
        """Delete the packs longest unused until the rest fits, and what killed writers left.

        Args:
            max_bytes: Most bytes to keep.
            spare: A pack that stays in any case.
        """
        self._delete_abandoned()
        packs = self._packs()
        total = sum(size for _, size, _ in packs)
        for _, size, path in packs:
            if total <= max_bytes:
                break
            if path != spare:
                path.unlink(missing_ok=True)
                total -= size
        return self.info()

    def _delete_abandoned(self) -> None:
        for path in self.folder.glob("*/.writing-*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - ABANDONED:
                    path.unlink()

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


def _sound_pack(path: Path) -> Pack | None:
    """The pack; None if it is damaged, or pruned by another process since it was listed."""
    try:
        return Pack(path)
    except DamagedPackError:
        with suppress(OSError):
            path.unlink()
    except OSError:
        pass
    return None
