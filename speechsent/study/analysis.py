"""From the runs of a study to its rows: means over seeds, paired tests, and what failed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from speechsent import metrics
from speechsent.evaluation.comparison import PairedDifference, holm, mcnemar, paired_bootstrap
from speechsent.evaluation.intervals import Interval, percentile_interval
from speechsent.evaluation.predictions import (
    PREDICTIONS,
    VALIDATION_PREDICTIONS,
    Predictions,
    read_predictions,
)
from speechsent.evaluation.resampling import resample
from speechsent.evaluation.seeds import SeedSummary, over_seeds
from speechsent.run import Run
from speechsent.study.combining import combine
from speechsent.study.plan import FITTED, How, Study

TOLD = "study.json"  # in a run folder: what the study knows of the run
N_RESAMPLES = 10_000
Place = tuple[int, int]  # fold and seed


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What one run of a study came to.

    Args:
        protocol: Name of the protocol its score was taken under.
        protocol_hash: Fingerprint of the protocol, or of the split.
        test: Answers on the test part.
        validation: Answers on the validation part; None where they are not kept.
        seconds: How long it took; None for a combination.
    """

    protocol: str
    protocol_hash: str
    test: Predictions
    validation: Predictions | None
    seconds: float | None = None


def read_trained(run: Run) -> Trained:
    """Read what a finished run answered."""
    scores = run.read_json("scores.json")
    return Trained(
        protocol=scores["protocol"],
        protocol_hash=scores.get("protocol_hash") or "",
        test=read_predictions(run.path / PREDICTIONS),
        validation=read_predictions(run.path / VALIDATION_PREDICTIONS),
        seconds=run.read_json(TOLD)["seconds"],
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


@dataclass(frozen=True, kw_only=True)
class Row:
    """A system's line of the table.

    Args:
        system: Its name.
        uar: UAR over the test clips of all folds, over the seeds.
        uar_interval: Interval of the mean by speaker.
        accuracy: Share of those clips that was recognised, over the seeds.
        n_runs: Trainings that count.
        minutes: Median time of a training; None if it is a combination, or not known.
        comparison: Against the reference; None for the reference itself.
    """

    system: str
    uar: SeedSummary
    uar_interval: Interval
    accuracy: SeedSummary
    n_runs: int
    minutes: float | None
    comparison: Comparison | None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows that may stand in one column, because they share a protocol.

    Args:
        protocol: Its name.
        protocol_hash: Its fingerprint; empty for an unnamed split.
        folds: Folds that count, counted from 0.
        seeds: Seeds that count.
        n_clips: Test clips over all folds.
        n_speakers: Their known speakers.
        classes: Test clips of each class.
        chance: UAR of guessing.
        reference: The system the others are compared with; empty if it is not in this table.
        rows: In the order of the study.
    """

    protocol: str
    protocol_hash: str
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    n_clips: int
    n_speakers: int
    classes: Mapping[str, int]
    chance: float
    reference: str
    rows: tuple[Row, ...]


def summarise(study: Study, runs: Mapping[str, Mapping[Place, Trained]]) -> tuple[Table, ...]:
    """Summarise a study, one table for each protocol that its runs were scored under.

    A system counts with the folds and seeds that all systems of its table have, so that a run
    that failed takes its counterparts out of the comparison.

    Args:
        study: The study.
        runs: What the runs of each trained system came to, by fold and seed.
    """
    groups: dict[tuple[str, str], dict[str, Mapping[Place, Trained]]] = defaultdict(dict)
    for system, found in {**runs, **combined(study, runs)}.items():
        if found:
            first = next(iter(found.values()))
            groups[first.protocol, first.protocol_hash][system] = found
    return tuple(_table(study, *key, systems) for key, systems in groups.items())


def combined(
    study: Study, runs: Mapping[str, Mapping[Place, Trained]]
) -> dict[str, dict[Place, Trained]]:
    """Answers of the combined systems, wherever all their members were trained."""
    found: dict[str, dict[Place, Trained]] = {}
    for combination in study.combinations:
        members = [runs.get(name, {}) for name in combination.of]
        places = sorted(set(members[0]).intersection(*members[1:]))
        mixed = {
            place: _combine(combination.how, [member[place] for member in members])
            for place in places
        }
        found[combination.name] = {place: one for place, one in mixed.items() if one}
    return found


def _combine(how: How, members: Sequence[Trained]) -> Trained | None:
    """The answers of some members as one; None if validation answers are needed and not kept."""
    first, test = members[0], [member.test for member in members]
    kept = [member.validation for member in members if member.validation is not None]
    whole = len(kept) == len(members)
    if how in FITTED and not whole:
        return None
    return Trained(
        protocol=first.protocol,
        protocol_hash=first.protocol_hash,
        test=combine(how, test, kept),
        validation=combine(how, kept, kept) if whole else None,
    )


def _table(
    study: Study, protocol: str, protocol_hash: str, systems: Mapping[str, Mapping[Place, Trained]]
) -> Table:
    folds, seeds, kept = common_places(systems)
    ordered = [name for name in study.names if name in kept]
    pooled = {name: Pooled.of(systems[name], folds, seeds) for name in ordered}
    reference = study.compared_with if study.compared_with in pooled else ordered[0]
    comparisons = _comparisons(pooled, reference)
    some = pooled[reference]
    return Table(
        protocol=protocol,
        protocol_hash=protocol_hash,
        folds=folds,
        seeds=seeds,
        n_clips=len(some.truth),
        n_speakers=len(set(some.speakers) - {None}),
        classes=some.counts,
        chance=1 / len(some.labels),
        reference=reference,
        rows=tuple(
            _row(name, pooled[name], systems[name], len(folds), comparisons.get(name))
            for name in ordered
        ),
    )


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
        """Join the folds, whose clips differ, and stack the seeds, whose clips are the same."""
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


def _row(
    name: str,
    pooled: Pooled,
    runs: Mapping[Place, Trained],
    n_folds: int,
    comparison: Comparison | None,
) -> Row:
    scored = resample(
        metrics.uar_from_confusion,
        pooled.truth,
        pooled.answers,
        pooled.speakers,
        n_resamples=N_RESAMPLES,
        seed=0,
    )
    seconds = [run.seconds for run in runs.values() if run.seconds is not None]
    return Row(
        system=name,
        uar=over_seeds(scored.observed.tolist()),
        uar_interval=percentile_interval(scored.drawn.mean(axis=0), scored.unit, confidence=0.95),
        accuracy=over_seeds((pooled.answers == pooled.truth).mean(axis=1).tolist()),
        n_runs=len(pooled.answers) * n_folds,
        minutes=median(seconds) / 60 if seconds else None,
        comparison=comparison,
    )


def _comparisons(pooled: Mapping[str, Pooled], reference: str) -> dict[str, Comparison]:
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
