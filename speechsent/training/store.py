"""Outputs of frozen branches kept between runs, by the branch's weights and what it was shown."""

import hashlib
from pathlib import Path

import keras
import numpy as np

from speechsent.features.cache import FeatureCache
from speechsent.features.pack import DamagedPackError, Pack, write_pack
from speechsent.training.fingerprint import fingerprint


class EmbeddingStore:
    """Arrays beside the kept features, checked before use and pruned with them.

    Args:
        cache: Decides where, and how much is kept.
    """

    def __init__(self, cache: FeatureCache) -> None:
        self.cache = cache

    def load(self, key: str) -> np.ndarray | None:
        """Return what was kept under a key, float32; None if there is nothing sound."""
        for path in self._folder(key).glob("*.pack"):
            try:
                return Pack(path)[0]
            except (DamagedPackError, OSError):
                path.unlink(missing_ok=True)
        return None

    def save(self, key: str, values: np.ndarray) -> None:
        """Keep an array ``(n_rows, n_values)``; without room it is computed again next time."""
        try:
            path = write_pack(self._folder(key), [bytes.fromhex(key)], [values], {})
            self.cache.prune(self.cache.max_bytes, spare=path)
        except OSError:
            return

    def _folder(self, key: str) -> Path:
        return self.cache.folder / f"embedding-{key[:32]}"


def embedding_key(branch: keras.Model, shown: str) -> str:
    """Name of a branch's outputs: SHA-256, in hex, of its variables and of what it was shown.

    Seeds of dropout are left out: a frozen branch never uses them.
    """
    weights = sorted(
        (path, digest)
        for path, digest in fingerprint(branch).items()
        if "seed_generator" not in path
    )
    return hashlib.sha256(repr((weights, shown)).encode()).hexdigest()
