"""Peak memory: a long file against a short one, a large corpus against a small one.

Every measurement is a process of its own. Networks are tiny, so that what grows with the data is
not hidden behind what does not. Networks are trained once more without the functionals, which
are solved from all clips at once.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from measure import Figure, arguments, interleaved, report

from speechsent.branches.functionals import FunctionalsConfig

SAMPLE_RATE = 16_000
N_CLIPS = 300
FILTERS = FunctionalsConfig.filters
TINY = """
from speechsent.config import from_dict
tiny = from_dict({
    "functionals": {"filters": int(sys.argv[3])},
    "cnn": {"stem": [4], "channels": 4, "embedding": 4},
    "lstm": {"channels": 4, "units": [4], "embedding": 4},
    "fit": {"epochs": 1},
})
"""
PEAK = """
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
PREDICT = f"""
import sys
from pathlib import Path
from speechsent.recogniser import Recogniser
from speechsent.run import Run
Recogniser(Run(Path(sys.argv[1]))).file(sys.argv[2])
{PEAK}
"""
TRAIN = f"""
import os, sys
os.environ["SPEECHSENT_HOME"] = sys.argv[2]
from speechsent.experiment import train
{TINY}
train(tiny, sys.argv[1], out=sys.argv[2], test=False)
{PEAK}
"""


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        small = write_corpus(root / "small", N_CLIPS)
        run = trained(small, root)
        short = write_long_file(root / "short.wav", minutes=1)
        long = write_long_file(root / "long.wav", minutes=120)
        file = interleaved(
            {
                "short": lambda: peak(PREDICT, run, short),
                "long": lambda: peak(PREDICT, run, long),
            },
            args.rounds,
            discard=0,
        )
        long.unlink()
        large = write_corpus(root / "large", 10 * N_CLIPS)
        corpus = interleaved(
            {
                f"{size} {filters}": partial(trained_peak, place, filters)
                for size, place in (("small", small), ("large", large))
                for filters in (0, FILTERS)
            },
            args.rounds,
            discard=0,
        )
    report(
        [
            Figure(
                name="memory.long_file",
                what="peak of predicting a 2-hour file over a 1-minute file",
                value=file["long"] / file["short"],
                at_most=1.1,
            ),
            Figure(what="  the 1-minute file, MiB", value=file["short"]),
            Figure(what="  more for the 2-hour file, MiB", value=file["long"] - file["short"]),
            *corpus_figures(corpus, 0),
            *corpus_figures(corpus, FILTERS),
        ],
        args.json,
    )


def corpus_figures(peaks: Mapping[str, float], filters: int) -> Iterator[Figure]:
    """A large corpus over a small one."""
    small, large = (peaks[f"{size} {filters}"] for size in ("small", "large"))
    yield Figure(
        name="memory.corpus_10x" if filters else "memory.corpus_10x_networks",
        what=f"peak of training on {10 * N_CLIPS} clips over {N_CLIPS} clips"
        + ("" if filters else ", networks alone"),
        value=large / small,
        at_most=1.3,
    )
    yield Figure(what=f"  {N_CLIPS} clips, MiB", value=small)
    yield Figure(what="  more for ten times as many, MiB", value=large - small)


def trained_peak(corpus: Path, filters: int) -> float:
    """Peak memory in MiB of a training, nothing of it kept."""
    with tempfile.TemporaryDirectory() as folder:
        return peak(TRAIN, corpus, folder, str(filters))


def peak(program: str, *arguments: Path | str) -> float:
    """Peak memory in MiB of a process that ends by printing it."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def trained(corpus: Path, root: Path) -> Path:
    """Folder of a run trained on a corpus."""
    peak(TRAIN, corpus, root / "runs", str(FILTERS))
    return next((root / "runs").glob("*/*/run.json")).parent


def noise(seconds: float, seed: int) -> np.ndarray:
    """Noise that swells and falls."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return 0.05 * (1.2 + np.sin(5 * time)) * rng.standard_normal(len(time))


def write_corpus(folder: Path, n_clips: int) -> Path:
    """Clips of 3 s in three class-named folders."""
    for i in range(n_clips):
        emotion = folder / ("anger", "neutral", "sadness")[i % 3]
        emotion.mkdir(parents=True, exist_ok=True)
        soundfile.write(emotion / f"{i}.wav", noise(3.0, seed=i), SAMPLE_RATE)
    return folder


def write_long_file(path: Path, *, minutes: int) -> Path:
    """The same minute of noise over and over."""
    minute = noise(60.0, seed=0)
    with soundfile.SoundFile(str(path), "w", SAMPLE_RATE, 1) as file:
        for _ in range(minutes):
            file.write(minute)
    return path


if __name__ == "__main__":
    main()
