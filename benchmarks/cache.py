"""Features of a corpus on the second training run, against the first.

A run's feature time is that of hashing the files, finding or computing the features, and
reading each of them once.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import Figure, arguments, cpu_seconds, interleaved, recordings, report

from speechsent.config import ExperimentConfig
from speechsent.corpus.open import read_corpus
from speechsent.corpus.utterance import Utterance
from speechsent.preparation import features
from speechsent.resources import Resources
from speechsent.training.listener import Listener


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    utterances = read_corpus(recordings()).utterances
    with tempfile.TemporaryDirectory() as root:
        folders: list[Path] = []

        def first() -> float:
            folders.append(Path(tempfile.mkdtemp(dir=root)))
            return feature_seconds(utterances, folders[-1])

        def second() -> float:
            return feature_seconds(utterances, folders[-1])

        cpu = interleaved({"first": first, "second": second}, args.rounds)
    figures = [
        Figure(
            name="cache.warm_ratio",
            what=f"feature time of {len(utterances)} clips, second run over first",
            value=cpu["second"] / cpu["first"],
            at_most=0.02,
        ),
        Figure(what="CPU seconds of the first run", value=cpu["first"]),
        Figure(what="CPU seconds of the second run", value=cpu["second"]),
    ]
    report(figures, args.json)


def feature_seconds(utterances: Sequence[Utterance], home: Path) -> float:
    """CPU seconds until each feature has been in memory once, with a cache below ``home``."""
    os.environ["SPEECHSENT_HOME"] = str(home)

    def read_all() -> None:
        table = features(utterances, ExperimentConfig(), Listener(), Resources())
        for sequences in table.views.values():
            for i in range(len(table)):
                sequences[i]

    return cpu_seconds(read_all)


if __name__ == "__main__":
    main()
