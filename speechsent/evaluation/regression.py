"""Every score of one set of told numbers: CCC and RMSE of each target, with intervals."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from speechsent.concordance import concordance, rmse
from speechsent.errors import ParameterError
from speechsent.evaluation.intervals import Interval, check_confidence
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.numeric_resampling import resample_numbers
from speechsent.evaluation.scores import Scores, speaker_remarks
from speechsent.evaluation.wellformed import check_types
from speechsent.typed import shown

KIND = "regression"


@dataclass(frozen=True, kw_only=True)
class TargetScores:
    """How well one target was told.

    Args:
        ccc: Concordance correlation coefficient, in ``[-1, 1]``.
        ccc_interval: Its bootstrap interval.
        rmse: Root mean squared error, in the unit of the column.
        rmse_interval: Its bootstrap interval.
        constant_rmse: RMSE of always answering the training mean, whose CCC is 0.
        linear_ccc: CCC of the linear model; None if the run has none.
        linear_rmse: Its RMSE.
    """

    ccc: float
    ccc_interval: Interval
    rmse: float
    rmse_interval: Interval
    constant_rmse: float
    linear_ccc: float | None = None
    linear_rmse: float | None = None

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "TargetScores":
        """Undo ``dataclasses.asdict``."""
        spans = {name: Interval(**raw[name]) for name in ("ccc_interval", "rmse_interval")}
        return cls(**{**raw, **spans})


@dataclass(frozen=True, kw_only=True)
class RegressionScores:
    """How well one model told numbers, on one part of one split.

    Args:
        protocol: Name of the split's rule.
        split_hash: Fingerprint of the split; None if there is none.
        part: ``"test"``, or the name of a folder.
        speaker_disjoint: Whether no speaker was also trained on; None if speakers are unknown.
        note: What a reader must know to judge the numbers; may be empty.
        seed: Seed of the training and of the bootstrap.
        n_train: Clips trained on; None if unknown.
        n: Clips scored.
        ccc: Mean CCC of all targets.
        ccc_interval: Its bootstrap interval.
        targets: Scores of each target, by name.
        protocol_hash: Fingerprint of a named protocol's definition; empty if there is none.
        fold: Name of the fold of a named protocol; empty if there is none.
        n_folds: Folds of the protocol.
        kind: Tells these scores from those of a classifier.
    """

    protocol: str
    split_hash: str | None
    part: str
    speaker_disjoint: bool | None
    note: str
    seed: int
    n_train: int | None
    n: int
    ccc: float
    ccc_interval: Interval
    targets: dict[str, TargetScores]
    protocol_hash: str = ""
    fold: str = ""
    n_folds: int = 1
    kind: str = KIND

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries, lists, numbers and None, as JSON would give them back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "RegressionScores":
        """Undo ``as_dict``.

        Raises:
            ParameterError: If keys are missing or unknown.
        """
        try:
            targets = {name: TargetScores.from_dict(row) for name, row in raw["targets"].items()}
            interval = Interval(**raw["ccc_interval"])
            return cls(**{**raw, "targets": targets, "ccc_interval": interval})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            expected = ", ".join(field.name for field in fields(cls))
            raise ParameterError(
                f"scores need exactly these keys: {expected}. Received: {error}"
            ) from error


AnyScores = Scores | RegressionScores


def read_scores(raw: Mapping[str, Any]) -> AnyScores:
    """Scores of whichever kind, as ``as_dict`` gave them.

    Raises:
        ParameterError: If keys are missing or unknown, or a value is not of its kind.
    """
    if not isinstance(raw, Mapping):
        raise ParameterError(f"scores are told by name. Received: {shown(raw)}")
    scores = (RegressionScores if raw.get("kind") == KIND else Scores).from_dict(raw)
    check_types(scores)
    if isinstance(scores, Scores):
        scores.check_shape()
    return scores


def score_numbers(
    predictions: NumericPredictions,
    linear: NumericPredictions | None,
    *,
    constant: Sequence[float],
    protocol: str,
    part: str,
    speaker_disjoint: bool | None,
    seed: int,
    n_train: int | None = None,
    split_hash: str | None = None,
    note: str = "",
    protocol_hash: str = "",
    fold: str = "",
    n_folds: int = 1,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> RegressionScores:
    """Compute every score of a set of told numbers.

    Args:
        predictions: Clips with truth and what was told.
        linear: What a linear model tells of the same clips; None if there is none.
        constant: Mean of each target over the training clips.
        protocol: Name of the split's rule.
        part: Which part of the split this is.
        speaker_disjoint: Whether no speaker was also trained on; None if speakers are unknown.
        seed: Seed of the training; the bootstrap uses it too.
        n_train: Clips trained on.
        split_hash: Fingerprint of the split.
        note: What a reader must know; remarks on unknown or few speakers are added.
        protocol_hash: Fingerprint of a named protocol's definition.
        fold: Name of its fold.
        n_folds: How many folds it has.
        n_resamples: Bootstrap resamples, the same ones for all scores.
        confidence: Nominal coverage of all intervals, in ``(0, 1)``.

    Raises:
        ParameterError: If a CCC is undefined, or a parameter is out of range.
    """
    check_confidence(confidence)
    truth, told = predictions.truth, predictions.predicted
    cccs, rmses = _columns(predictions)
    drawn = resample_numbers(truth, told, predictions.speakers, n_resamples=n_resamples, seed=seed)
    spans = [
        (drawn.interval(drawn.ccc[:, i], confidence), drawn.interval(drawn.rmse[:, i], confidence))
        for i in range(len(cccs))
    ]
    linear_cccs, linear_rmses = _columns(linear) if linear else ([None] * len(cccs),) * 2
    targets = {
        name: TargetScores(
            ccc=cccs[i],
            ccc_interval=spans[i][0],
            rmse=rmses[i],
            rmse_interval=spans[i][1],
            constant_rmse=rmse(truth[:, i], np.full(len(truth), constant[i])),
            linear_ccc=linear_cccs[i],
            linear_rmse=linear_rmses[i],
        )
        for i, name in enumerate(predictions.names)
    }
    return RegressionScores(
        protocol=protocol,
        split_hash=split_hash,
        part=part,
        speaker_disjoint=speaker_disjoint,
        note="; ".join(filter(None, [note, *speaker_remarks(predictions.speakers, "CCC")])),
        seed=seed,
        n_train=n_train,
        n=len(truth),
        ccc=float(np.mean(cccs)),
        ccc_interval=drawn.interval(drawn.ccc.mean(axis=1), confidence),
        targets=targets,
        protocol_hash=protocol_hash,
        fold=fold,
        n_folds=n_folds,
    )


def _columns(predictions: NumericPredictions) -> tuple[Sequence[float], Sequence[float]]:
    """CCC and RMSE of each target."""
    columns = list(zip(predictions.truth.T, predictions.predicted.T, strict=True))
    return [concordance(x, y) for x, y in columns], [rmse(x, y) for x, y in columns]
