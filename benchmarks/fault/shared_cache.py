"""Two writers on one cache, one of them killed: nothing damaged is ever used."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from measure import Figure

from fault.entries import N_WRITTEN, NAME, content_of, key_of
from fault.workplace import Workplace
from speechsent.features.cache import FeatureCache

WRITER = Path(__file__).with_name("writer.py")


def figures(workplace: Workplace, n: int) -> list[Figure]:
    """One row."""
    rng = random.Random(0)
    folders = [workplace.folder / f"cache-{i}" for i in range(n)]
    n_wrong = sum(_wrong(folder, rng) for folder in folders)
    what = f"two writers on one cache, one killed, {n} times: damaged entries used"
    return [Figure(name="faults.shared_cache_wrong", what=what, value=n_wrong, at_most=0)]


def _wrong(folder: Path, rng: random.Random) -> int:
    """Entries that are not what was written; one if what a whole writer wrote is missing."""
    killed, whole = (
        subprocess.Popen([sys.executable, WRITER, folder, str(first)], stdout=subprocess.PIPE)
        for first in (0, 1000)
    )
    next(iter(killed.stdout or ()))  # it writes now
    time.sleep(rng.uniform(0, 0.1))
    killed.kill()
    killed.communicate()
    whole.communicate()
    keys = [key_of(number) for number in range(2000)]
    places = FeatureCache(folder).find_in(NAME, keys)
    wrong = sum(
        not np.array_equal(pack[place], content_of(int.from_bytes(key, "big")))
        for key, (pack, place) in places.items()
    )
    return wrong + int(len(places) < N_WRITTEN)
