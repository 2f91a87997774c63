"""Judge what a network answers about emotions, and write it down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.clips import Clips
from speechsent.corpus.utterance import Utterance
from speechsent.evaluation.calibrated import CALIBRATION, Calibration, calibration_scores
from speechsent.evaluation.calibration import reliability
from speechsent.evaluation.figures import confusion_figure, reliability_figure
from speechsent.evaluation.linear import compare_linear
from speechsent.evaluation.predictions import PREDICTIONS, Predictions, write_predictions
from speechsent.evaluation.scores import Scores, score
from speechsent.experiment.baseline import baseline_predictions
from speechsent.run import Run
from speechsent.run_split import relative


def judge_emotions(
    run: Run,
    utterances: Sequence[Utterance],
    clips: Clips,
    outputs: np.ndarray,
    about: Mapping[str, Any],
    *,
    root: Path,
    folder: Path,
) -> tuple[Scores, Predictions]:
    """Score probabilities, and write tables and pictures.

    Args:
        run: The run.
        utterances: The clips as the corpus has them.
        clips: The same clips as the network sees them.
        outputs: Probabilities, shape ``(n_clips, n_classes)``.
        about: What ``score`` is to know of the clips.
        root: Folder the file names are relative to.
        folder: Where the files go.
    """
    predictions = as_predictions(utterances, clips, outputs, run.labels, root=root)
    scores = score(
        predictions,
        seed=run.config.seed,
        n_train=run.n_fitted,
        majority=run.facts["majority"],
        **about,
    )
    linear = baseline_predictions(run, clips, predictions)
    if linear is not None:
        scores = replace(scores, linear=compare_linear(predictions, linear, seed=run.config.seed))
        write_predictions(linear, folder / "baseline_predictions.csv")
    calibration = Calibration.find(run.sound(CALIBRATION).parent)
    if calibration is not None:
        scores = replace(scores, calibration=calibration_scores(predictions, calibration))
    _write_pictures(scores, predictions, calibration, folder)
    write_predictions(predictions, folder / PREDICTIONS)
    return scores, predictions


def as_predictions(
    utterances: Sequence[Utterance],
    clips: Clips,
    probabilities: np.ndarray,
    labels: Sequence[str],
    *,
    root: Path,
) -> Predictions:
    """What a network answered for some clips.

    Args:
        utterances: The clips as the corpus has them.
        clips: The same clips as the network sees them.
        probabilities: Shape ``(n_clips, n_classes)``.
        labels: Emotion names in the order of the classes.
        root: Folder the file names are relative to.
    """
    return Predictions(
        files=tuple(relative(u.path, root) for u in utterances),
        truth=clips.classes,
        probabilities=probabilities,
        speakers=tuple(u.speaker for u in utterances),
        genders=tuple(u.gender for u in utterances),
        labels=tuple(labels),
    )


def _write_pictures(
    scores: Scores, predictions: Predictions, calibration: Calibration | None, folder: Path
) -> None:
    title = f"{scores.protocol}: UAR {scores.uar:.3f}"
    counts = np.array(scores.confusion)
    confusion_figure(counts, scores.labels, folder / "confusion.png", title=title)
    if calibration is not None:
        before = predictions.probabilities
        reliability_figure(
            reliability(before, predictions.truth),
            reliability(calibration(before), predictions.truth),
            folder / "reliability.png",
            title=f"{scores.protocol}: temperature {calibration.temperature:.2f}",
        )
