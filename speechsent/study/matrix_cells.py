"""Cells of a cross-corpus matrix: what a training on one corpus scores on one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from speechsent import metrics
from speechsent.evaluation.intervals import Interval, percentile_interval
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.resampling import resample
from speechsent.evaluation.seeds import SeedSummary, over_seeds
from speechsent.study.comparisons import N_RESAMPLES

SMALLEST = 1e-7  # probability that counts as none


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Trained on one corpus, tested on one.

    Args:
        trained_on: Name of the corpus.
        tested_on: Name of the corpus; the same one on the diagonal, and then its test part.
        classes: Emotions both have; only they are scored, and only they can be answered.
        left_out: Emotions one of them lacks.
        n_clips: Clips that were scored.
        n_speakers: Their known speakers.
        uar: UAR over the seeds.
        interval: Interval of the mean by speaker.
        speaker_disjoint: Whether no test speaker was trained on; None if speakers are unknown.
        note: What a reader must know; empty if there is nothing.
    """

    trained_on: str
    tested_on: str
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    n_clips: int
    n_speakers: int
    uar: SeedSummary
    interval: Interval
    speaker_disjoint: bool | None = True
    note: str = ""

    @classmethod
    def of(
        cls,
        trained_on: str,
        tested_on: str,
        answers: Sequence[Predictions],
        classes: tuple[str, ...],
        emotions: Collection[str],
        *,
        speaker_disjoint: bool | None = True,
        note: str = "",
    ) -> "Cell":
        """Score the answers of one or more trainings, which differ in their seed, on some clips.

        Args:
            trained_on: Name of the corpus.
            tested_on: Name of the corpus.
            answers: What each training answers for the same clips.
            classes: Emotions both corpora have.
            emotions: Emotions any of them has.
            speaker_disjoint: Whether no test speaker was trained on; None if speakers are unknown.
            note: What a reader must know.
        """
        seeds = [restricted(seed, classes) for seed in answers]
        scored = resample(
            metrics.uar_from_confusion,
            seeds[0].truth,
            np.stack([seed.predicted for seed in seeds]),
            seeds[0].speakers,
            n_resamples=N_RESAMPLES,
            seed=0,
        )
        drawn = scored.drawn.mean(axis=0)
        return cls(
            trained_on=trained_on,
            tested_on=tested_on,
            classes=classes,
            left_out=tuple(sorted(set(emotions) - set(classes))),
            n_clips=len(seeds[0].truth),
            n_speakers=len(set(seeds[0].speakers) - {None}),
            uar=over_seeds(scored.observed.tolist()),
            interval=percentile_interval(drawn, scored.unit, confidence=0.95),
            speaker_disjoint=speaker_disjoint,
            note=note,
        )

    @property
    def within(self) -> bool:
        """Whether training and test are of one corpus."""
        return self.trained_on == self.tested_on

    @property
    def chance(self) -> float:
        """UAR of guessing."""
        return 1 / len(self.classes)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """All cells that could be scored.

    Args:
        names: The corpora, in the order of rows and columns.
        cells: By what was trained on and what was tested on; a pair with fewer than two emotions
            in common has none.
        seeds: Seeds of the trainings.
        folder: Where runs, tables and picture are.
        n_trained: Runs that were trained now.
        n_found: Runs that were there already.
    """

    names: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    seeds: tuple[int, ...]
    folder: Path
    n_trained: int
    n_found: int


def restricted(predictions: Predictions, classes: Sequence[str]) -> Predictions:
    """Answers as if only some classes could be given; every clip must be of one of them.

    Args:
        predictions: Truth and probabilities.
        classes: Names among ``predictions.labels``, in the order of the new classes.
    """
    columns = [predictions.labels.index(name) for name in classes]
    if columns == list(range(len(predictions.labels))):
        return predictions
    kept = np.maximum(predictions.probabilities[:, columns], SMALLEST)
    return replace(
        predictions,
        truth=np.array([columns.index(truth) for truth in predictions.truth]),
        probabilities=kept / kept.sum(axis=1, keepdims=True),
        labels=tuple(classes),
    )
