"""Do attributions point at what matters? Delete it, and compare with deleting as much at random.

A share of the spectrogram's cells (Grad-CAM) or of the sequence's frames (integrated gradients)
becomes the training mean; told is how far the probability of the answer falls.

    python benchmarks/attribution.py RUN [--clips 100]
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.clips import Clips, Inputs, evaluation_windows, to_inputs
from speechsent.features.standardize import Standardizer
from speechsent.network import load_parts
from speechsent.preparation import features, to_clips
from speechsent.report.attribution import Explainer
from speechsent.resources import Resources
from speechsent.run import STATISTICS, Run
from speechsent.training.inference import batch_outputs
from speechsent.training.listener import Listener

SHARES = (0.1, 0.2, 0.4)
DRAWS = 10
GREY = 0.5  # the training mean in an image


def main() -> None:
    """Print a table: a row a branch and share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--clips", type=int, default=100)
    args = parser.parse_args()
    run = Run.open(args.run)
    branches, model = load_parts(run)
    clips = _clips(run, args.clips)
    inputs = to_inputs([evaluation_windows(clips, i)[0] for i in range(len(clips))])
    lengths = [min(len(clips.raw(i)[next(iter(clips.views))]), clips.n_window)
               for i in range(len(clips))]  # fmt: skip
    outputs = batch_outputs(model, inputs)
    chosen = outputs.argmax(axis=1)
    maps, times = Explainer(branches, model).windows(inputs, chosen)
    before = outputs.max(axis=1)
    print(
        f"{run.path.name}: {len(clips)} clips, mean probability of the answer {before.mean():.3f}"
    )
    print(
        "| attribution | deleted | fall, pointed at | fall, at random | ratio | clips where more |"
    )
    print("|---|---|---|---|---|---|")
    for name, found in (("Grad-CAM", maps), ("integrated gradients", times)):
        if found is None:
            continue
        for share in SHARES:
            falls = _falls(model, inputs, found, chosen, before, lengths, share, name)
            _tell(name, share, *falls)


def _tell(name: str, share: float, pointed: np.ndarray, drawn: np.ndarray) -> None:
    ratio = pointed.mean() / drawn.mean()
    more = (pointed > drawn).mean()
    print(
        f"| {name} | {share:.0%} | {pointed.mean():.3f} | {drawn.mean():.3f} | {ratio:.1f} "
        f"| {more:.0%} |"
    )


def _falls(
    model: Any,
    inputs: Inputs,
    found: np.ndarray,
    chosen: np.ndarray,
    before: np.ndarray,
    lengths: list[int],
    share: float,
    name: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Fall of the probability of each clip's answer: deleted where pointed at, and at random."""
    rng = np.random.default_rng(0)
    image = name == "Grad-CAM"

    def fall(ranks: list[np.ndarray]) -> np.ndarray:
        changed = {key: values.copy() for key, values in inputs.items()}
        for i, (rank, length) in enumerate(zip(ranks, lengths, strict=True)):
            _delete(changed, i, rank, length, share, image)
        told = batch_outputs(model, changed)
        return before - told[np.arange(len(chosen)), chosen]

    width = inputs["image"].shape[2] if image else found.shape[1]
    scale = width / found.shape[-1]
    inside = [found[i][..., : max(1, round(n / scale))] for i, n in enumerate(lengths)]
    random = [fall([rng.random(place.shape) for place in inside]) for _ in range(DRAWS)]
    return fall(inside), np.mean(random, axis=0)


def _delete(
    changed: Inputs, i: int, rank: np.ndarray, length: int, share: float, image: bool
) -> None:
    """Set the highest-ranked share of cells or frames of one clip to the training mean."""
    worst = np.argsort(-rank, axis=None, kind="stable")[: max(1, round(share * rank.size))]
    gone = np.zeros(rank.shape, bool)
    gone.flat[worst] = True
    if not image:
        for name, values in changed.items():
            if name != "image":
                values[i, : gone.size][gone[:length]] = 0
        return
    height = changed["image"].shape[1]
    rows = np.arange(height) * rank.shape[0] // height
    columns = np.minimum(np.arange(length) * rank.shape[1] // length, rank.shape[1] - 1)
    changed["image"][i, :, :length, 0][gone[np.ix_(rows, columns)]] = GREY


def _clips(run: Run, n: int) -> Clips:
    """Test clips evenly drawn: the labels are not looked at."""
    test = run.split.of("test")
    some = test[:: max(1, len(test) // n)][:n]
    table = features(some, run.config, Listener(), Resources())
    standardizer = Standardizer.load(run.path / STATISTICS)
    root = Path(run.facts["root"])
    return to_clips(table, standardizer, run.labels, run.config, root=root)


if __name__ == "__main__":
    main()
