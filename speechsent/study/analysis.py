"""From the runs of a study to its rows: means over seeds, intervals, and paired tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from speechsent import metrics
from speechsent.evaluation.intervals import Interval, percentile_interval
from speechsent.evaluation.resampling import resample
from speechsent.evaluation.seeds import SeedSummary, over_seeds
from speechsent.study.comparisons import (
    N_RESAMPLES,
    Comparison,
    Pooled,
    common_places,
    compare_with,
)
from speechsent.study.plan import Study
from speechsent.study.trained import Place, Trained, combined


@dataclass(frozen=True, kw_only=True)
class Row:
    """A system's line of the table.

    Args:
        system: Its name.
        uar: UAR over the test clips of all folds, over the seeds.
        uar_interval: Interval of the mean; its method tells what was drawn.
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
    """Summarise a study, one table for each protocol and test part its runs were scored under.

    A system counts with the folds and seeds that all systems of its table have, so that a run
    that failed takes its counterparts out of the comparison.

    Args:
        study: The study.
        runs: What the runs of each trained system came to, by fold and seed.
    """
    groups: list[dict[str, Mapping[Place, Trained]]] = []
    for system, found in {**runs, **combined(study, runs)}.items():
        if not found:
            continue
        group = next((one for one in groups if _comparable(found, one)), None)
        if group is None:
            groups.append(group := {})
        group[system] = found
    return tuple(_table(study, systems) for systems in groups)


def _comparable(
    runs: Mapping[Place, Trained], group: Mapping[str, Mapping[Place, Trained]]
) -> bool:
    """Whether runs have the protocol and classes of a group, and its test clips on common folds."""
    known = [(fold, run) for others in group.values() for (fold, _), run in others.items()]
    return all(
        (run.protocol, run.protocol_hash) == (other.protocol, other.protocol_hash)
        and run.test.labels == other.test.labels
        and (fold != place[0] or run.clips == other.clips)
        for place, run in runs.items()
        for fold, other in known
    )


def _table(study: Study, systems: Mapping[str, Mapping[Place, Trained]]) -> Table:
    first = next(run for runs in systems.values() for run in runs.values())
    folds, seeds, kept = common_places(systems)
    ordered = [name for name in study.names if name in kept]
    pooled = {name: Pooled.of(systems[name], folds, seeds) for name in ordered}
    reference = study.compared_with if study.compared_with in pooled else ordered[0]
    comparisons = compare_with(pooled, reference)
    some = pooled[reference]
    return Table(
        protocol=first.protocol,
        protocol_hash=first.protocol_hash,
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
