"""How cost grows with clips, seconds, epochs and folds: CPU seconds at three sizes of each.

The default network, trained jointly, on clips of the built-in corpus; features from scratch.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from folds import cost
from measure import Figure, arguments, cpu_seconds, interleaved, report
from predict import random_run

from speechsent.config import ExperimentConfig
from speechsent.corpus.default import builtin_folder
from speechsent.corpus.open import read_corpus
from speechsent.features.extraction import Extractor, extract
from speechsent.preparation import prepare
from speechsent.recogniser import Recogniser
from speechsent.resources import Resources
from speechsent.training.listener import Listener
from speechsent.training.workshop import Workshop

SAMPLE_RATE = 16_000


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        groups = {
            "features, clips": feature_costs(),
            "prediction, seconds of one file": prediction_costs(Path(folder)),
            "training, clips (2 epochs)": training_costs((64, 128, 256), "clips"),
            "training, epochs (64 clips)": training_costs((2, 4, 8), "epochs"),
        }
        figures = [
            figure
            for what, sides in groups.items()
            for figure in grown(what, interleaved(sides, args.rounds))
        ]
    report([*figures, *fold_costs()], args.json)


def grown(what: str, measured: Mapping[str, float]) -> list[Figure]:
    """A line for each size, with its cost."""
    return [
        Figure(what=f"{what}: {size}, CPU s", value=seconds) for size, seconds in measured.items()
    ]


def feature_costs() -> dict[str, Callable[[], float]]:
    """Extraction of more and more clips."""
    clips = read_corpus(builtin_folder()).utterances
    extractor = Extractor()
    return {
        str(n): lambda n=n: cpu_seconds(lambda: extract(clips[:n], extractor))  # type: ignore[misc]
        for n in (100, 200, 400)
    }


def prediction_costs(folder: Path) -> dict[str, Callable[[], float]]:
    """Prediction of longer and longer files."""
    run = folder / "run"
    run.mkdir()
    recogniser = Recogniser(random_run(ExperimentConfig(), run))
    rng = np.random.default_rng(0)
    sides: dict[str, Callable[[], float]] = {}
    for seconds in (30, 300, 3000):
        path = folder / f"{seconds}.wav"
        soundfile.write(path, 0.05 * rng.standard_normal(seconds * SAMPLE_RATE), SAMPLE_RATE)
        sides[str(seconds)] = lambda path=path: cpu_seconds(lambda: recogniser.file(path))  # type: ignore[misc]
    return sides


def training_costs(sizes: tuple[int, ...], what: str) -> dict[str, Callable[[], float]]:
    """Training once everything is compiled; validation on 16 clips included."""
    config = ExperimentConfig()
    clips = prepare(config, builtin_folder(), Listener(), Resources(cache=False)).part("train")
    workshop = Workshop()

    def train(size: int) -> float:
        epochs, n_clips = (size, 64) if what == "epochs" else (2, size)
        fitted = replace(config, fit=replace(config.fit, epochs=epochs))
        chosen = [i % 96 for i in range(n_clips)]
        return cpu_seconds(lambda: cost(fitted, clips, chosen, workshop))

    return {str(size): lambda size=size: train(size) for size in sizes}  # type: ignore[misc]


def fold_costs() -> list[Figure]:
    """What building, compiling and tracing cost the first fold and the next ones."""
    config = ExperimentConfig()
    config = replace(config, fit=replace(config.fit, epochs=3))
    clips = prepare(config, builtin_folder(), Listener(), Resources(cache=False)).part("train")
    workshop = Workshop()
    return [
        Figure(
            what=f"compiling and tracing, fold {fold + 1}, CPU s",
            value=cost(config, clips, range(16 * fold, 16 * fold + 64), workshop),
        )
        for fold in range(3)
    ]


if __name__ == "__main__":
    main()
