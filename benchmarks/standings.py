"""What an archive of finished runs comes to, system by system, whichever runs are still to come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from speechsent import metrics
from speechsent.evaluation.comparison import PairedDifference, holm, paired_bootstrap
from speechsent.evaluation.intervals import Interval, percentile_interval
from speechsent.evaluation.resampling import resample
from speechsent.evaluation.seeds import SeedSummary, over_seeds
from speechsent.study.archive import FACTS, Archive, read_entry, read_facts
from speechsent.study.comparisons import N_RESAMPLES, Pooled, common_places, mcnemar_over_seeds
from speechsent.study.plan import PlannedRun, Study
from speechsent.study.trained import Place, Trained, combined

VERSIONS = ("speechsent", "keras", "tensorflow", "scikit-learn", "opensmile")
# Each alone; the best of them is what the others are compared with.
BRANCHES = ("cnn", "lstm", "functionals")


@dataclass(frozen=True, kw_only=True)
class Found:
    """The entries of one protocol.

    Args:
        runs: What the runs came to, by system, fold and seed.
        facts: What each entry tells.
        fixed: Systems in which nothing is random, so that one seed stands for all.
        stale: Entries of other settings than the study's, or of other files, which do not count.
    """

    runs: dict[str, dict[Place, Trained]] = field(default_factory=dict)
    facts: dict[str, dict[Place, dict[str, Any]]] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    stale: list[str] = field(default_factory=list)

    def add(self, place: Path, facts: dict[str, Any]) -> None:
        """Take an entry in."""
        where = facts["fold"], facts["seed"]
        self.runs.setdefault(facts["system"], {})[where] = read_entry(place)
        self.facts.setdefault(facts["system"], {})[where] = facts


@dataclass(frozen=True, kw_only=True)
class Against:
    """A system against another on the same clips, p adjusted by Holm within the protocol."""

    system: str
    uar: PairedDifference
    p_uar: float
    p_accuracy: float


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A row: a system on the folds and seeds it has finished.

    Args:
        system: Its name.
        folds: Folds that count, counted from 0.
        seeds: Seeds that count: those with all of these folds.
        left_out: Finished runs that do not count, because their seed lacks a fold.
        uar: UAR of a run, over folds and seeds.
        pooled: UAR on the clips of all folds together, mean over the seeds.
        interval: Interval of ``pooled`` by speaker.
        accuracy: Share of those clips that was recognised, mean over the seeds.
        n_clips: Test clips of all folds.
        against: Against the best part alone; None for that part, and without one.
    """

    system: str
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    left_out: int
    uar: SeedSummary
    pooled: float
    interval: Interval
    accuracy: float
    n_clips: int
    against: Against | None = None


def collect(study: Study, folder: Path) -> Found:
    """Read the entries of a study's protocol, and of systems that are no part of the study.

    Raises:
        RunError: If an entry is damaged.
    """
    found = Found()
    entries = {path.parent: read_facts(path.parent) for path in sorted(folder.glob(f"*/{FACTS}"))}
    splits = _newest_splits(entries.values())
    for place, facts in entries.items():
        fixed = bool(facts.get("deterministic"))
        same_clips = facts["split_hash"] == splits[facts["fold"]]
        if not same_clips or not (fixed or _is_current(study, place, facts)):
            found.stale.append(place.name)
            continue
        if fixed:
            found.fixed.add(facts["system"])
        found.add(place, facts)
    found.runs.update({k: v for k, v in combined(study, found.runs).items() if v})
    return found


def _newest_splits(facts: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Split of each fold, as the newest run has it: another copy of a corpus has other files."""
    ordered = sorted(facts, key=lambda entry: str(entry["finished"]))
    return {entry["fold"]: str(entry["split_hash"]) for entry in ordered}


def _is_current(study: Study, place: Path, facts: Mapping[str, Any]) -> bool:
    """Whether an entry is of a system of the study, with the settings it has there."""
    system = next((one for one in study.systems if one.name == facts["system"]), None)
    if system is None:
        return False
    fold, seed = facts["fold"], facts["seed"]
    config = study.at(system, fold, seed)
    planned = PlannedRun(system=system.name, fold=fold, seed=seed, config=config)
    archive = Archive(place.parent)
    return archive.place(planned) == place and archive.current(planned) is not None


def standings(names: Iterable[str], found: Found) -> list[Standing]:
    """A row for each system that has a run, in the order of the names."""
    rows = [_standing(name, found.runs[name]) for name in names if found.runs.get(name)]
    better = better_branch(found.runs)
    compared = {r.system: _against(r.system, better, found) for r in rows if r.system != better}
    pairs = {name: pair for name, pair in compared.items() if pair}
    others = list(pairs)
    p_uar = dict(zip(others, holm([pairs[name][0].p for name in others]), strict=True))
    p_accuracy = dict(zip(others, holm([pairs[name][1] for name in others]), strict=True))
    told = {
        name: Against(
            system=better, uar=pairs[name][0], p_uar=p_uar[name], p_accuracy=p_accuracy[name]
        )
        for name in others
    }
    return [Standing(**{**vars(row), "against": told.get(row.system)}) for row in rows]


def better_branch(runs: Mapping[str, Mapping[Place, Trained]]) -> str:
    """The part of highest UAR where all that have runs were trained; or none."""
    there = {name: runs[name] for name in BRANCHES if runs.get(name)}
    if len(there) < 2:
        return next(iter(there), "")
    folds, seeds, kept = common_places(there)
    return max(kept, key=lambda name: _pooled_uar(Pooled.of(there[name], folds, seeds)))


def _pooled_uar(pooled: Pooled) -> float:
    n_classes = len(pooled.labels)
    return float(
        np.mean(
            [
                metrics.unweighted_average_recall(pooled.truth, answer, n_classes=n_classes)
                for answer in pooled.answers
            ]
        )
    )


def _standing(system: str, runs: Mapping[Place, Trained]) -> Standing:
    folds, seeds, _ = common_places({system: runs})
    pooled = Pooled.of(runs, folds, seeds)
    scored = resample(
        metrics.uar_from_confusion,
        pooled.truth,
        pooled.answers,
        pooled.speakers,
        n_resamples=N_RESAMPLES,
        seed=0,
    )
    return Standing(
        system=system,
        folds=folds,
        seeds=seeds,
        left_out=len(runs) - len(folds) * len(seeds),
        uar=over_seeds([_uar(runs[fold, seed]) for seed in seeds for fold in folds]),
        pooled=float(scored.observed.mean()),
        interval=percentile_interval(scored.drawn.mean(axis=0), scored.unit, confidence=0.95),
        accuracy=float((pooled.answers == pooled.truth).mean()),
        n_clips=len(pooled.truth),
    )


def _uar(trained: Trained) -> float:
    return float(metrics.uar_from_confusion(trained.test.confusion()))


def _against(system: str, better: str, found: Found) -> tuple[PairedDifference, float] | None:
    """Difference of UAR, and p of McNemar's test, on the folds and seeds both have; or None."""
    base = found.runs.get(better, {})
    runs = found.runs[system]
    if system in found.fixed:
        runs = {(fold, seed): runs[fold, 0] for fold, seed in base if (fold, 0) in runs}
    if not base.keys() & runs.keys():
        return None
    folds, seeds, _ = common_places({system: runs, better: base})
    ours, theirs = Pooled.of(runs, folds, seeds), Pooled.of(base, folds, seeds)
    difference = paired_bootstrap(
        metrics.uar_from_confusion,
        theirs.truth,
        ours.answers,
        theirs.answers,
        theirs.speakers,
        n_resamples=N_RESAMPLES,
    )
    return difference, mcnemar_over_seeds(ours, theirs)


def machines(facts: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    """On what the runs were made, each kind of machine once."""
    told = set()
    for entry in facts:
        about = entry.get("environment") or {}
        libraries = about.get("libraries") or {}
        versions = (f"{name} {libraries[name]}" for name in VERSIONS if libraries.get(name))
        told.add(
            f"{about.get('processors')} processors, {about.get('platform')}, "
            f"Python {about.get('python')}, {', '.join(versions)}"
        )
    return sorted(told)
