"""Every score of one set of predictions, with its protocol, its intervals and its groups."""

import csv
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from speechsent import metrics
from speechsent.errors import ParameterError, RunError, some
from speechsent.evaluation.intervals import Interval, bootstrap_by_speaker, wilson

WIDTH = 100
NAME_WIDTH = 24
WORST_SHOWN = 10
# In simulation a 95 % bootstrap interval held the truth 89 % of the time over 8 speakers, over 5
# speakers 82 %.
FEW_SPEAKERS = 10
COLUMNS = ["file", "speaker", "emotion", "predicted", "correct"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """What evaluation needs to know of each clip: aligned sequences, one entry a clip.

    Args:
        files: Names of the audio files.
        truth: Class indices, shape ``(n_clips,)``.
        probabilities: Shape ``(n_clips, n_classes)``, rows sum to 1.
        speakers: Who speaks; None if unknown.
        genders: ``"female"`` or ``"male"``; None if unknown.
        labels: Emotion names in the order of the class indices.

    Raises:
        ParameterError: If there is no clip, lengths differ, an index lies outside the labels, or
            the rows are not probabilities.
    """

    files: tuple[str, ...]
    truth: np.ndarray
    probabilities: np.ndarray
    speakers: tuple[str | None, ...]
    genders: tuple[str | None, ...]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = {
            name: len(getattr(self, name))
            for name in ("files", "truth", "probabilities", "speakers", "genders")
        }
        if len(set(lengths.values())) > 1:
            raise ParameterError(f"predictions need one entry a clip. Received: {lengths}")
        if self.probabilities.shape != (len(self.truth), len(self.labels)):
            raise ParameterError(
                "probabilities must have one row a clip and one column a label. Received: "
                f"probabilities.shape={self.probabilities.shape}, {len(self.labels)} labels"
            )
        rows = self.probabilities
        sound = np.all(rows >= 0, axis=1) & np.isclose(rows.sum(axis=1), 1, atol=1e-2)
        if not sound.all():
            files = [self.files[i] for i in np.flatnonzero(~sound)]
            raise ParameterError(
                "probabilities must not be negative, and those of a clip must sum to 1. "
                f"Received: others for {some(files)}"
            )
        self.confusion()  # refuses an empty set, and indices outside the labels

    @property
    def predicted(self) -> np.ndarray:
        """Class index of highest probability, shape ``(n_clips,)``; the first where two tie."""
        return np.asarray(self.probabilities.argmax(axis=1))

    def confusion(self, chosen: np.ndarray | slice = slice(None)) -> metrics.Counts:
        """Confusion matrix of the chosen clips, or of all."""
        return metrics.confusion_matrix(
            self.truth[chosen], self.predicted[chosen], n_classes=len(self.labels)
        )


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

    def as_dict(self) -> dict[str, Any]:
        """Return nested dictionaries, lists, numbers and None, as JSON would give them back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        return plain

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> "Scores":
        """Undo ``as_dict``.

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


def table(scores: Scores) -> str:
    """Lay the scores out for people: plain ASCII but for names, at most 100 columns."""
    blocks = [
        _headline(scores),
        _totals(scores),
        _recall_lines(scores),
        _confusion_lines(scores),
        _group_lines("gender", scores.per_gender),
        _group_lines("speaker, worst first", scores.per_speaker),
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _headline(scores: Scores) -> list[str]:
    seen = {
        True: "speakers unseen in training",
        False: "SPEAKERS OVERLAP with training",
        None: "speakers unknown",
    }[scores.speaker_disjoint]
    trained = "" if scores.n_train is None else f", trained on {scores.n_train}"
    split = "" if scores.split_hash is None else f", split {scores.split_hash[:12]}"
    lines = [
        f"protocol {scores.protocol}, {scores.part}: {seen}",
        f"{scores.n} clips{trained}, seed {scores.seed}{split}",
        *([f"note: {scores.note}"] if scores.note else []),
    ]
    return [part for line in lines for part in textwrap.wrap(line, WIDTH, subsequent_indent="  ")]


def _totals(scores: Scores) -> list[str]:
    lines = [
        f"UAR (UA, balanced accuracy) {scores.uar:.3f} {_span(scores.uar_interval)}",
        f"accuracy (WA) {scores.k}/{scores.n} = {scores.accuracy:.3f} "
        f"{_span(scores.accuracy_interval)}",
        f"macro-F1 {scores.macro_f1:.3f}",
        f"chance: UAR {scores.chance_uar:.3f}",
    ]
    if scores.majority is not None:
        always = scores.majority
        lines.append(
            f"always '{always.answer}' (majority in training): "
            f"accuracy {always.accuracy:.3f}, UAR {always.uar:.3f}"
        )
    return lines


def _span(interval: Interval) -> str:
    return (
        f"[{interval.low:.2f}, {interval.high:.2f}] ({interval.confidence:.0%}, {interval.method})"
    )


def _recall_lines(scores: Scores) -> list[str]:
    width = min(NAME_WIDTH, max(map(len, scores.labels)))
    lines = ["recall per class"]
    for label, row in scores.recall.items():
        name = f"  {label[:width]:<{width}}"
        if row.recall is None:
            lines.append(f"{name}  no clips")
        else:
            span = f"[{row.low:.2f}, {row.high:.2f}]"
            bar = "#" * round(40 * row.recall)
            lines.append(f"{name}  {row.k:>4}/{row.n:<4} {row.recall:.2f} {span} {bar}".rstrip())
    return lines


def _confusion_lines(scores: Scores) -> list[str]:
    names = 12
    widest = max(len(str(count)) for row in scores.confusion for count in row)
    cell = max(widest + 1, min(9, (WIDTH - names) // len(scores.labels)))
    header = "".join(f"{label[: cell - 1]:>{cell}}" for label in scores.labels)
    rows = [
        f"{label[: names - 1]:<{names}}" + "".join(f"{count:>{cell}}" for count in row)
        for label, row in zip(scores.labels, scores.confusion, strict=True)
    ]
    return ["confusion (rows: truth, columns: answer)", " " * names + header, *rows]


def _group_lines(title: str, rows: Sequence[GroupScore]) -> list[str]:
    if not rows:
        return []
    lines = [f"{title:<{NAME_WIDTH}}  clips    UAR  accuracy"]
    for row in rows[:WORST_SHOWN]:
        name = f"{row.name[:NAME_WIDTH]:<{NAME_WIDTH}}"
        lines.append(f"{name}  {row.n:>5}  {row.uar:.3f}     {row.accuracy:.3f}")
    hidden = len(rows) - WORST_SHOWN
    return lines + ([f"... {hidden} more"] if hidden > 0 else [])


def write_predictions(predictions: Predictions, path: Path) -> None:
    """Write a CSV with a row for each clip and a probability column for each class.

    Genders are not written. The file appears whole or not at all.
    """
    unfinished = path.with_name(f"{path.name}.tmp")
    with unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, *predictions.labels])
        for i, (truth, answer) in enumerate(
            zip(predictions.truth, predictions.predicted, strict=True)
        ):
            clip = [predictions.files[i], predictions.speakers[i] or ""]
            names = [predictions.labels[truth], predictions.labels[answer], int(truth == answer)]
            writer.writerow([*clip, *names, *(f"{p:.6f}" for p in predictions.probabilities[i])])
    unfinished.replace(path)


def read_predictions(path: Path) -> Predictions:
    """Read what ``write_predictions`` wrote; genders are None.

    Raises:
        RunError: If the file cannot be read, or is not such a table.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *rows = csv.reader(file)
        labels = tuple(header[len(COLUMNS) :])
        if header[: len(COLUMNS)] != COLUMNS:
            raise ValueError(f"its columns must begin with {', '.join(COLUMNS)}")
        return Predictions(
            files=tuple(row[0] for row in rows),
            truth=np.array([labels.index(row[2]) for row in rows]),
            probabilities=np.stack([_probabilities(row, labels) for row in rows]),
            speakers=tuple(row[1] or None for row in rows),
            genders=(None,) * len(rows),
            labels=labels,
        )
    except (OSError, ValueError, IndexError) as error:
        raise RunError(f"{path}: not a table of predictions; evaluate again. {error}") from error


def _probabilities(row: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Probabilities of one clip; the column ``predicted`` decides where rounding made a tie."""
    values = np.array([float(text) for text in row[len(COLUMNS) :]])
    answer = labels.index(row[3])
    if values[answer] < values.max():
        raise ValueError(f"{row[0]}: the answer {row[3]!r} is not the most probable class")
    if values.argmax() != answer:
        values[answer] = np.nextafter(values[answer], 1)
    return values
