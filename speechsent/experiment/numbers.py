"""Judge what a network and a linear model tell in numbers, and write it down."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from speechsent.clips import Clips
from speechsent.corpus.utterance import Utterance
from speechsent.evaluation.numeric import NumericPredictions, write_numbers
from speechsent.evaluation.predictions import PREDICTIONS
from speechsent.evaluation.regression import RegressionScores, score_numbers
from speechsent.evaluation.scatter import scatter_figure
from speechsent.experiment.baseline import BASELINE, standard_statistics
from speechsent.ridge import RidgeBaseline
from speechsent.run import Run
from speechsent.run_split import relative
from speechsent.targets import TargetScale
from speechsent.training.listener import Listener


def fit_ridge(run: Run, train: Clips, validation: Clips, listener: Listener) -> None:
    """Fit a linear model to the clips the network is fitted to, and write it into the run.

    Args:
        run: The run.
        train: Clips to fit on, with targets.
        validation: Clips that choose the regularisation, and are fitted on then if the run is.
        listener: Who is told how it does.
    """
    values, targets = standard_statistics(validation), _targets(validation)
    trained = standard_statistics(train)
    ridge = RidgeBaseline.fit(trained, _targets(train), values, targets)
    listener.note(
        f"linear baseline on clip statistics: validation CCC {ridge.ccc(values, targets):.3f}"
    )
    if run.config.fit.refit:
        both = np.concatenate([_targets(train), targets])
        ridge = ridge.again(np.concatenate([trained, values]), both)
    with run.writing(BASELINE) as path:
        ridge.save(path)


def judge_numbers(
    run: Run,
    scale: TargetScale,
    utterances: Sequence[Utterance],
    clips: Clips,
    outputs: np.ndarray,
    about: Mapping[str, Any],
    *,
    root: Path,
    folder: Path,
) -> tuple[RegressionScores, NumericPredictions]:
    """Score told numbers, and write tables and a picture.

    Args:
        run: The run.
        scale: Its targets.
        utterances: The clips as the corpus has them.
        clips: The same clips as the network sees them.
        outputs: Standardised numbers, shape ``(n_clips, n_targets)``.
        about: What ``score_numbers`` is to know of the clips.
        root: Folder the file names are relative to.
        folder: Where the files go.
    """
    predictions = as_numbers(utterances, outputs, scale, root=root)
    linear = None
    if run.sound(BASELINE).is_file():
        told = RidgeBaseline.load(run.path / BASELINE).told(standard_statistics(clips))
        linear = as_numbers(utterances, told, scale, root=root)
        write_numbers(linear, folder / "baseline_predictions.csv")
    scores = score_numbers(
        predictions,
        linear,
        constant=scale.mean,
        seed=run.config.seed,
        n_train=run.n_fitted,
        **about,
    )
    title = f"{scores.protocol}: mean CCC {scores.ccc:.3f}"
    scatter_figure(predictions, folder / "scatter.png", title=title)
    write_numbers(predictions, folder / PREDICTIONS)
    return scores, predictions


def as_numbers(
    utterances: Sequence[Utterance], outputs: np.ndarray, scale: TargetScale, *, root: Path
) -> NumericPredictions:
    """What is told of some clips, in the units of the columns.

    Args:
        utterances: The clips as the corpus has them.
        outputs: Standardised numbers, shape ``(n_clips, n_targets)``.
        scale: The targets.
        root: Folder the file names are relative to.
    """
    return NumericPredictions(
        files=tuple(relative(u.path, root) for u in utterances),
        speakers=tuple(u.speaker for u in utterances),
        names=scale.names,
        truth=np.array([u.values for u in utterances], np.float64),
        predicted=scale.undone(outputs),
    )


def _targets(clips: Clips) -> np.ndarray:
    return np.asarray(clips.targets, np.float64)
