"""Every score of one set of predictions, with its protocol, its intervals and its groups."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from speechsent import metrics
from speechsent.errors import ParameterError
from speechsent.evaluation.intervals import Interval, bootstrap_by_speaker, wilson
from speechsent.evaluation.predictions import Predictions

# In simulation a 95 % bootstrap interval held the truth 89 % of the time over 8 speakers, over 5
# speakers 82 %.
FEW_SPEAKERS = 10


@dataclass(frozen=True, kw_only=True)
class ClassRecall:
    """``k`` of ``n`` clips of a class were recognised; Wilson interval; None where ``n`` is 0."""

    recall: float | None
    k: int
    n: int
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class GroupScore:
    """Scores of the ``n`` clips of one speaker or one gender."""

    name: str
    n: int
    uar: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Scores of always giving the same answer."""

    answer: str
    uar: float
    accuracy: float


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

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries, lists, numbers and None, as JSON would give them back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Scores":
        """Undo ``as_dict``; scores written before protocols had folds may lack those keys.

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
                }
            )
        except (KeyError, TypeError) as error:
            expected = ", ".join(field.name for field in fields(cls))
            raise ParameterError(
                f"scores need exactly these keys: {expected}. Received: {error}"
            ) from error


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
        n_resamples: Bootstrap resamples for the interval of UAR.
        confidence: Nominal coverage of all intervals, in ``(0, 1)``.

    Raises:
        ParameterError: If ``majority`` is not a class index, or a parameter is out of range.
    """
    confusion = predictions.confusion()
    n, k = int(confusion.sum()), int(np.trace(confusion))
    low, high = wilson(k, n, confidence=confidence)
    speakers = _groups(predictions, predictions.speakers)
    return Scores(
        protocol=protocol,
        split_hash=split_hash,
        part=part,
        speaker_disjoint=speaker_disjoint,
        note="; ".join(filter(None, [note, *_remarks(predictions)])),
        seed=seed,
        n_train=n_train,
        labels=predictions.labels,
        n=n,
        k=k,
        uar=float(metrics.uar_from_confusion(confusion)),
        uar_interval=bootstrap_by_speaker(
            metrics.uar_from_confusion,
            predictions.truth,
            predictions.predicted,
            predictions.speakers,
            n_resamples=n_resamples,
            seed=seed,
            confidence=confidence,
        ),
        accuracy=k / n,
        accuracy_interval=Interval(low=low, high=high, confidence=confidence, method="Wilson"),
        macro_f1=float(metrics.macro_f1_from_confusion(confusion)),
        recall=_recalls(confusion, predictions.labels, confidence),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        per_speaker=tuple(sorted(speakers, key=lambda row: (row.uar, row.accuracy))),
        per_gender=_groups(predictions, predictions.genders),
        chance_uar=1 / len(predictions.labels),
        majority=None if majority is None else _always(majority, predictions),
        protocol_hash=protocol_hash,
        fold=fold,
        n_folds=n_folds,
    )


def _recalls(
    confusion: metrics.Counts, labels: Sequence[str], confidence: float
) -> dict[str, ClassRecall]:
    """Recall and interval of each label."""
    recalls = {}
    for label, k, n in zip(labels, np.diagonal(confusion), confusion.sum(axis=1), strict=True):
        k, n = int(k), int(n)
        low, high = wilson(k, n, confidence=confidence) if n else (None, None)
        recalls[label] = ClassRecall(recall=k / n if n else None, k=k, n=n, low=low, high=high)
    return recalls


def _groups(predictions: Predictions, owners: Sequence[str | None]) -> tuple[GroupScore, ...]:
    """Scores of the clips of each known owner, by name."""
    rows = []
    for name in sorted({owner for owner in owners if owner is not None}):
        chosen = np.array([owner == name for owner in owners])
        confusion = predictions.confusion(chosen)
        uar = float(metrics.uar_from_confusion(confusion))
        accuracy = float(metrics.accuracy_from_confusion(confusion))
        rows.append(GroupScore(name=name, n=int(chosen.sum()), uar=uar, accuracy=accuracy))
    return tuple(rows)


def _always(answer: int, predictions: Predictions) -> Baseline:
    """Scores of giving every clip the same answer."""
    if not 0 <= answer < len(predictions.labels):
        raise ParameterError(f"majority must be a class index. Received: majority={answer}")
    confusion = metrics.confusion_matrix(
        predictions.truth,
        np.full(len(predictions.truth), answer),
        n_classes=len(predictions.labels),
    )
    return Baseline(
        answer=predictions.labels[answer],
        uar=float(metrics.uar_from_confusion(confusion)),
        accuracy=float(metrics.accuracy_from_confusion(confusion)),
    )


def _remarks(predictions: Predictions) -> list[str]:
    """What is unknown about the speakers, or too little for the interval of UAR."""
    n, known = len(predictions.speakers), set(predictions.speakers) - {None}
    unknown = predictions.speakers.count(None)
    if unknown:
        return [f"speaker unknown for {unknown} of {n} clips, which no speaker row counts"]
    if len(known) < FEW_SPEAKERS:
        return [f"speakers: {len(known)}, so few that the interval of UAR is too narrow"]
    return []
