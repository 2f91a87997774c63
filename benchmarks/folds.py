"""The second fold of a cross-validation: what compiling and tracing cost it, against the first.

The default network, trained jointly on a few clips of the built-in corpus. The cost of a fold is
the CPU time of its training, building included, less that of its epochs once they run.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from measure import Figure, arguments, report

from speechsent.clips import Clips
from speechsent.config import ExperimentConfig
from speechsent.corpus.default import builtin_folder
from speechsent.datasets import TrainingOptions
from speechsent.network import build_branches
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.listener import Listener
from speechsent.training.recipes import Trainer
from speechsent.training.seed import choose_deterministic_kernels
from speechsent.training.workshop import Workshop

EPOCHS = 3
FOLDS = (range(64), range(32, 96))


class EpochEnds(Listener):
    """CPU time at the end of each epoch."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def epoch(self, number: int, logs: Mapping[str, float]) -> None:
        """Take the time."""
        self.times.append(time.process_time())


def main() -> None:
    """Measure two folds in a new workshop, over and over, and print the table."""
    args = arguments(__doc__)
    config = ExperimentConfig()
    config = replace(config, fit=replace(config.fit, epochs=EPOCHS))
    clips = prepare(config, builtin_folder(), Listener(), Resources(cache=False)).part("train")
    costs = [
        [cost(config, clips, fold, workshop) for fold in FOLDS]
        for workshop in (Workshop() for _ in range(args.rounds))
    ]
    first, second = (median(column) for column in zip(*costs, strict=True))
    report(
        [
            Figure(
                name="folds.retrace_ratio",
                what="compiling and tracing, second fold over the first (default network, joint)",
                value=median(after / before for before, after in costs),
                at_most=0.1,
            ),
            Figure(what="  the first fold, CPU s", value=first),
            Figure(what="  the second fold, CPU s", value=second),
        ],
        args.json,
    )


def cost(config: ExperimentConfig, clips: Clips, fold: Sequence[int], workshop: Workshop) -> float:
    """CPU seconds of one training that are not spent in its epochs."""
    ends = EpochEnds()
    start = time.process_time()
    choose_deterministic_kernels()
    built = build_branches(config)
    Trainer(
        branches={name: workshop.fresh(f"{name} branch", branch) for name, branch in built.items()},
        train=clips.subset(fold),
        validation=clips.subset(range(96, 112)),
        options=TrainingOptions(batch_size=config.fit.batch_size),
        fusion=config.fusion,
        config=config.fit,
        listener=ends,
        workshop=workshop,
    ).run()
    total = time.process_time() - start
    steady = median(b - a for a, b in zip(ends.times, ends.times[1:], strict=False))
    return total - len(ends.times) * steady


if __name__ == "__main__":
    main()
