"""Every score of one set of predictions, with its protocol, its intervals and its groups."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from speechsent import metrics
from speechsent.errors import ParameterError
from speechsent.evaluation.calibrated import CalibrationScores
from speechsent.evaluation.intervals import Interval, score_intervals, wilson
from speechsent.evaluation.linear import LinearComparison
from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.rows import (
    Baseline,
    ClassRecall,
    GroupScore,
    constant_baseline,
    group_rows,
    recall_rows,
)
from speechsent.typed import shown

# In simulation a 95 % bootstrap interval held the truth 89 % of the time over 8 speakers, over 5
# speakers 82 %.
FEW_SPEAKERS = 10


@dataclass(frozen=True, kw_only=True)
class Scores:
    """How well one model did on one part of one split.

    Args:
        protocol: Name of the split's rule, such as ``"ravdess-5fold/fold-0"``.
        split_hash: Fingerprint of the split; None if there is none.
        part: ``"train"``, ``"validation"`` or ``"test"``, or the name of a folder.
        speaker_disjoint: Whether no speaker was also trained on; None if speakers are unknown.
        note: What a reader must know to judge the numbers; may be empty.
        seed: Seed of the training and of the bootstrap.
        n_train: Clips trained on; None if unknown.
        labels: Emotion names in the order of ``confusion``.
        n: Clips scored.
        k: Clips recognised.
        uar: Unweighted average recall over the classes that occur.
        uar_interval: Its bootstrap interval.
        accuracy: ``k / n``.
        accuracy_interval: Its Wilson interval.
        macro_f1: Mean F1 over the classes that occur or were predicted.
        recall: Recall of each label.
        confusion: Counts, a row for each true class.
        per_speaker: Known speakers, lowest UAR first.
        per_gender: Known genders by name.
        chance_uar: ``1 / n_classes``.
        majority: Always answering the most frequent class of the training set; None if unknown.
        protocol_hash: Fingerprint of a named protocol's definition; empty if there is none.
        fold: Name of the fold of a named protocol; empty if there is none.
        n_folds: Folds of the protocol.
        accuracy_bootstrap: Bootstrap interval of the accuracy.
        macro_f1_interval: Bootstrap interval of macro-F1.
        linear: How a linear model did on the same clips; None if the run has none.
        calibration: Whether probabilities mean what they say; None if the run has no temperature.
    """

    protocol: str
    split_hash: str | None
    part: str
    speaker_disjoint: bool | None
    note: str
    seed: int
    n_train: int | None
    labels: tuple[str, ...]
    n: int
    k: int
    uar: float
    uar_interval: Interval
    accuracy: float
    accuracy_interval: Interval
    macro_f1: float
    recall: dict[str, ClassRecall]
    confusion: tuple[tuple[int, ...], ...]
    per_speaker: tuple[GroupScore, ...]
    per_gender: tuple[GroupScore, ...]
    chance_uar: float
    majority: Baseline | None
    protocol_hash: str = ""
    fold: str = ""
    n_folds: int = 1
    accuracy_bootstrap: Interval | None = None
    macro_f1_interval: Interval | None = None
    linear: LinearComparison | None = None
    calibration: CalibrationScores | None = None

    @property
    def linear_remark(self) -> str:
        """What makes the difference from the linear model less than it seems; may be empty."""
        n = len(self.per_speaker)
        if self.linear is None or self.linear.interval.unit == "clips" or n >= FEW_SPEAKERS:
            return ""
        return f"speakers: {n}, so few that this interval and p are too small"

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries, lists, numbers and None, as JSON would give them back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Scores":
        """Undo ``as_dict``; scores written by older versions lack the keys that have defaults.

        Raises:
            ParameterError: If keys are missing or unknown.
        """
        try:
            return cls(
                **{
                    **raw,
                    "labels": tuple(raw["labels"]),
                    "uar_interval": Interval(**raw["uar_interval"]),
                    "accuracy_interval": Interval(**raw["accuracy_interval"]),
                    "recall": {name: ClassRecall(**row) for name, row in raw["recall"].items()},
                    "confusion": tuple(tuple(row) for row in raw["confusion"]),
                    "per_speaker": tuple(GroupScore(**row) for row in raw["per_speaker"]),
                    "per_gender": tuple(GroupScore(**row) for row in raw["per_gender"]),
                    "majority": Baseline(**raw["majority"]) if raw["majority"] else None,
                    **{
                        name: read(raw[name])
                        for name, read in _OPTIONAL.items()
                        if raw.get(name) is not None
                    },
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            expected = ", ".join(field.name for field in fields(cls))
            raise ParameterError(
                f"scores need exactly these keys: {expected}. Received: {error}"
            ) from error

    def check_shape(self) -> None:
        """Refuse scores that do not have a recall, and a row and column of counts, for each label.

        Raises:
            ParameterError: If they do not.
        """
        n = len(self.labels)
        if set(self.recall) != {*self.labels} or [len(row) for row in self.confusion] != [n] * n:
            raise ParameterError(
                "scores have a recall, and a row and column of counts, for each label. "
                f"Received: labels={shown(self.labels)}"
            )


def score(
    predictions: Predictions,
    *,
    protocol: str,
    part: str,
    speaker_disjoint: bool | None,
    seed: int,
    n_train: int | None = None,
    majority: int | None = None,
    split_hash: str | None = None,
    note: str = "",
    protocol_hash: str = "",
    fold: str = "",
    n_folds: int = 1,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> Scores:
    """Compute every score of a set of predictions.

    Args:
        predictions: Clips with truth and probabilities.
        protocol: Name of the split's rule.
        part: Which part of the split this is.
        speaker_disjoint: Whether no speaker was also trained on; None if speakers are unknown.
        seed: Seed of the training; the bootstrap uses it too.
        n_train: Clips trained on.
        majority: Class index most frequent in the training set.
        split_hash: Fingerprint of the split.
        note: What a reader must know; remarks on unknown or few speakers are added.
        protocol_hash: Fingerprint of a named protocol's definition.
        fold: Name of its fold.
        n_folds: How many folds it has.
        n_resamples: Bootstrap resamples, the same ones for all scores.
        confidence: Nominal coverage of all intervals, in ``(0, 1)``.

    Raises:
        ParameterError: If ``majority`` is not a class index, or a parameter is out of range.
    """
    confusion = predictions.confusion()
    n, k = int(confusion.sum()), int(np.trace(confusion))
    low, high = wilson(k, n, confidence=confidence)
    speakers = group_rows(predictions, predictions.speakers)
    drawn = score_intervals(
        predictions.truth,
        predictions.predicted,
        predictions.speakers,
        n_resamples=n_resamples,
        seed=seed,
        confidence=confidence,
    )
    return Scores(
        protocol=protocol,
        split_hash=split_hash,
        part=part,
        speaker_disjoint=speaker_disjoint,
        note="; ".join(filter(None, [note, *speaker_remarks(predictions.speakers, "UAR")])),
        seed=seed,
        n_train=n_train,
        labels=predictions.labels,
        n=n,
        k=k,
        uar=float(metrics.uar_from_confusion(confusion)),
        uar_interval=drawn.uar,
        accuracy=k / n,
        accuracy_interval=Interval(low=low, high=high, confidence=confidence, method="Wilson"),
        macro_f1=float(metrics.macro_f1_from_confusion(confusion)),
        recall=recall_rows(confusion, predictions.labels, drawn.recall, confidence),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        per_speaker=tuple(sorted(speakers, key=lambda row: (row.uar, row.accuracy))),
        per_gender=group_rows(predictions, predictions.genders),
        chance_uar=1 / len(predictions.labels),
        majority=None if majority is None else constant_baseline(majority, predictions),
        protocol_hash=protocol_hash,
        fold=fold,
        n_folds=n_folds,
        accuracy_bootstrap=drawn.accuracy,
        macro_f1_interval=drawn.macro_f1,
    )


def _interval(raw: Mapping[str, Any]) -> Interval:
    return Interval(**raw)


_OPTIONAL = {
    "accuracy_bootstrap": _interval,
    "macro_f1_interval": _interval,
    "linear": LinearComparison.from_dict,
    "calibration": CalibrationScores.from_dict,
}


def speaker_remarks(speakers: Sequence[str | None], score: str) -> list[str]:
    """What is unknown about the speakers, or too little for the interval of a score."""
    n, known = len(speakers), set(speakers) - {None}
    unknown = speakers.count(None)
    if unknown:
        return [f"speaker unknown for {unknown} of {n} clips, which no speaker row counts"]
    if len(known) < FEW_SPEAKERS:
        return [f"speakers: {len(known)}, so few that the interval of {score} is too narrow"]
    return []
