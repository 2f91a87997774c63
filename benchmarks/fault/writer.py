"""Write entries to a cache, ten a pack, until all are written or the process is killed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fault.entries import N_WRITTEN, NAME, content_of, key_of
from speechsent.features.cache import FeatureCache

folder, first = Path(sys.argv[1]), int(sys.argv[2])
print("ready", flush=True)
for start in range(first, first + N_WRITTEN, 10):
    numbers = range(start, start + 10)
    FeatureCache(folder).add_to(NAME, [*map(key_of, numbers)], [*map(content_of, numbers)])
