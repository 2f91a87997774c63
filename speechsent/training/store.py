"""Outputs of frozen branches kept between runs, by the branch's weights and what it was shown."""

import hashlib
from collections.abc import Sequence

import keras
import numpy as np

from speechsent.branches.batchnorm import leaves
from speechsent.features.cache import FeatureCache
from speechsent.features.pack import DamagedPackError
from speechsent.training.fingerprint import fingerprint


class EmbeddingStore:
    """Outputs by clip beside the kept features, checked before use and pruned with them.

    Args:
        cache: Decides where, and how much is kept.
    """

    def __init__(self, cache: FeatureCache) -> None:
        self.cache = cache

    def find(self, branch: str, keys: Sequence[bytes]) -> list[np.ndarray | None]:
        """What is kept of a branch under each key, ``(n_windows, n_values)``; None if nothing."""
        places = self.cache.find_in(_folder(branch), keys)
        found: list[np.ndarray | None] = []
        for key in keys:
            try:
                pack, place = places[key]
                found.append(pack[place])
            except (KeyError, OSError):
                found.append(None)
            except DamagedPackError:
                pack.path.unlink(missing_ok=True)
                found.append(None)
        return found

    def keep(self, branch: str, keys: Sequence[bytes], values: Sequence[np.ndarray]) -> None:
        """Keep outputs by key; without room they are computed again next time."""
        try:
            self.cache.add_to(_folder(branch), keys, values)
        except OSError:
            return


def _folder(branch: str) -> str:
    return f"embedding-{branch[:32]}"


def branch_key(branch: keras.Model) -> str:
    """Name of a branch: SHA-256, in hex, of its layers and of their variables.

    What does not decide its output is left out: whether a layer trains, its name (Keras numbers
    the layers of its own networks through), and the seeds of dropout.
    """
    found = hashlib.sha256()
    for layer in leaves(branch):
        config = layer.get_config()
        settings = {key: config[key] for key in config.keys() - {"name", "trainable"}}
        found.update(
            f"{type(layer).__name__} {layer.output.shape} {sorted(settings.items())}".encode()
        )
        for digest in (d for p, d in fingerprint(layer).items() if "seed_generator" not in p):
            found.update(digest.encode())
    return found.hexdigest()
