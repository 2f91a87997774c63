"""Two systems on the same test clips: by how much is one better, and could that be chance?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from speechsent.comparing.settings import differing
from speechsent.comparing.system import (
    AnyRun,
    System,
    protocol_of,
    refuse_other_clips,
    refuse_other_rows,
)
from speechsent.evaluation.comparison import McNemar, PairedDifference, mcnemar, paired_bootstrap
from speechsent.evaluation.scores import FEW_SPEAKERS
from speechsent.metrics import uar_from_confusion


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of two systems: a run, or several that differ in their seed alone.

    Args:
        runs: Folders of the runs.
        seeds: Their seeds.
        uars: Their UAR.
        accuracies: Their accuracy.
    """

    runs: tuple[str, ...]
    seeds: tuple[int, ...]
    uars: tuple[float, ...]
    accuracies: tuple[float, ...]

    @property
    def uar(self) -> float:
        """Mean UAR over the seeds."""
        return sum(self.uars) / len(self.uars)

    @property
    def accuracy(self) -> float:
        """Mean accuracy over the seeds."""
        return sum(self.accuracies) / len(self.accuracies)


@dataclass(frozen=True, kw_only=True)
class RunComparison:
    """Two systems on the same test clips.

    Args:
        protocol: Name, fold and definition of the protocol that both were tested under.
        n_clips: Test clips.
        n_speakers: Known speakers of these clips.
        first: The first system.
        second: The second.
        settings: Keys of the configuration that differ, with both values.
        uar: Paired bootstrap of the difference of UAR.
        accuracy: McNemar's test; None where a side has several seeds, which it cannot pair.
        notes: What a reader must know to judge the figures.
    """

    protocol: str
    n_clips: int
    n_speakers: int
    first: Side
    second: Side
    settings: dict[str, tuple[Any, Any]]
    uar: PairedDifference
    accuracy: McNemar | None
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries, with the means over the seeds of each side."""
        plain = asdict(self)
        for name, side in (("first", self.first), ("second", self.second)):
            plain[name] |= {"uar": side.uar, "accuracy": side.accuracy}
        return plain


def compare_runs(
    first: AnyRun | Sequence[AnyRun],
    second: AnyRun | Sequence[AnyRun],
    *,
    n_resamples: int = 10_000,
    seed: int = 0,
    confidence: float = 0.95,
) -> RunComparison:
    """Compare two runs on the same test clips, or the means of two groups of seeds.

    Args:
        first: A run or its folder, or several of one configuration and different seeds.
        second: The same for the second system.
        n_resamples: Bootstrap resamples of the speakers.
        seed: Seed of the resamples.
        confidence: Nominal coverage of the interval, in ``(0, 1)``.

    Returns:
        Both scores, and the difference with its interval and p-values.

    Raises:
        RunError: If a run has no predictions, the test clips are not the same, or the runs of one
            side differ in more than their seed.
        ParameterError: If a parameter is out of range.
    """
    a, b = System.open(first), System.open(second)
    refuse_other_clips([*a.runs, *b.runs])
    refuse_other_rows(a, b)
    clips = a.predictions[0]
    alone = len(a.runs) == len(b.runs) == 1
    settings = differing(a.runs[0].config, b.runs[0].config)
    return RunComparison(
        protocol=protocol_of(a.runs[0]),
        n_clips=len(clips.files),
        n_speakers=len({*clips.speakers} - {None}),
        first=_side(a),
        second=_side(b),
        settings={key: pair for key, pair in settings.items() if key != "seed"},
        uar=paired_bootstrap(
            uar_from_confusion,
            clips.truth,
            a.answers,
            b.answers,
            clips.speakers,
            n_resamples=n_resamples,
            seed=seed,
            confidence=confidence,
        ),
        accuracy=mcnemar(a.right[0], b.right[0]) if alone else None,
        notes=tuple(_notes(a, b)),
    )


def _side(system: System) -> Side:
    confusions = [predictions.confusion() for predictions in system.predictions]
    return Side(
        runs=tuple(str(run.path) for run in system.runs),
        seeds=tuple(run.config.seed for run in system.runs),
        uars=tuple(float(uar_from_confusion(counts)) for counts in confusions),
        accuracies=tuple(float(right.mean()) for right in system.right),
    )


def _notes(first: System, second: System) -> list[str]:
    """What makes the difference less than it seems."""
    facts = [run.facts for run in (*first.runs, *second.runs)]
    notes = [*dict.fromkeys(fact["note"] for fact in facts if fact["note"])]
    if len({fact["split_hash"] for fact in facts}) > 1:
        notes.append("tested on the same clips, but not all were trained on the same ones")
    known = {*first.predictions[0].speakers} - {None}
    if None in first.predictions[0].speakers or len(known) == 1:
        notes.append("clips are drawn, not speakers: the interval is too narrow")
    elif len(known) < FEW_SPEAKERS:
        notes.append(f"speakers: {len(known)}, so few that interval and p are too small")
    return notes
