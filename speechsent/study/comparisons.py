"""Systems of a study on the clips that all of them answered, and tests between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from speechsent import metrics
from speechsent.errors import RunError
from speechsent.evaluation.comparison import PairedDifference, holm, mcnemar, paired_bootstrap
from speechsent.study.trained import Place, Trained

N_RESAMPLES = 10_000


def common_places(
    systems: Mapping[str, Mapping[Place, Trained]],
) -> tuple[tuple[int, ...], tuple[int, ...], list[str]]:
    """Folds and seeds that every system has in every combination, and those systems.

    Where nothing is common to all, the systems with the fewest runs are left out.
    """
    names = sorted(systems, key=lambda name: len(systems[name]), reverse=True)
    while not (places := set(systems[names[0]]).intersection(*(systems[n] for n in names[1:]))):
        names.pop()
    folds = sorted({fold for fold, _ in places})
    seeds = sorted({seed for _, seed in places})
    complete = [seed for seed in seeds if all((fold, seed) in places for fold in folds)]
    if complete:
        return tuple(folds), tuple(complete), names
    seed = max(seeds, key=lambda seed: sum(place[1] == seed for place in places))
    return tuple(fold for fold in folds if (fold, seed) in places), (seed,), names


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """Answers of a system on the test clips of all folds, a row of answers for each seed."""

    truth: np.ndarray
    answers: np.ndarray
    speakers: tuple[str | None, ...]
    labels: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Clips of each class."""
        found = np.bincount(self.truth, minlength=len(self.labels)).tolist()
        return dict(zip(self.labels, found, strict=True))

    @classmethod
    def of(
        cls, runs: Mapping[Place, Trained], folds: Sequence[int], seeds: Sequence[int]
    ) -> "Pooled":
        """Join the folds, whose clips differ, and stack the seeds, whose clips are the same.

        Raises:
            RunError: If the seeds of a fold were tested on different clips.
        """
        for fold in folds:
            if len({runs[fold, seed].clips for seed in seeds}) > 1:
                raise RunError(
                    f"fold {fold}: its seeds {', '.join(map(str, seeds))} were tested on "
                    "different clips; train them again in another --out"
                )
        first = [runs[fold, seeds[0]].test for fold in folds]
        return cls(
            truth=np.concatenate([fold.truth for fold in first]),
            answers=np.stack(
                [
                    np.concatenate([runs[fold, seed].test.predicted for fold in folds])
                    for seed in seeds
                ]
            ),
            speakers=tuple(speaker for fold in first for speaker in fold.speakers),
            labels=first[0].labels,
        )


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A system against the reference, on the same clips.

    Args:
        uar: Difference of UAR, with the interval and p of a bootstrap by speaker.
        p_uar: That p, adjusted by Holm for all comparisons of the table.
        p_accuracy: McNemar's p on accuracy, adjusted likewise. Over several seeds it is twice the
            median of the seeds' p-values.
    """

    uar: PairedDifference
    p_uar: float
    p_accuracy: float


def compare_with(pooled: Mapping[str, Pooled], reference: str) -> dict[str, Comparison]:
    """Each system against the reference; the p-values of a family of tests are adjusted."""
    base = pooled[reference]
    others = [name for name in pooled if name != reference]
    by_speaker = [
        paired_bootstrap(
            metrics.uar_from_confusion,
            base.truth,
            pooled[name].answers,
            base.answers,
            base.speakers,
            n_resamples=N_RESAMPLES,
        )
        for name in others
    ]
    by_clip = [mcnemar_over_seeds(pooled[name], base) for name in others]
    p_uar = holm([found.p for found in by_speaker])
    p_accuracy = holm(by_clip)
    return {
        name: Comparison(uar=found, p_uar=one, p_accuracy=other)
        for name, found, one, other in zip(others, by_speaker, p_uar, p_accuracy, strict=True)
    }


def mcnemar_over_seeds(system: Pooled, base: Pooled) -> float:
    """One p-value from the seeds' own, which are not independent: twice their median.

    References:
        Meinshausen, Meier, Bühlmann (2009). p-values for high-dimensional regression. JASA 104,
        section 2.2. https://doi.org/10.1198/jasa.2009.tm08647
    """
    p_values = [
        mcnemar(one == system.truth, other == base.truth).p
        for one, other in zip(system.answers, base.answers, strict=True)
    ]
    return p_values[0] if len(p_values) == 1 else min(1.0, 2 * median(p_values))
