"""The linear baseline of a run: fitted beside the network, scored on the same clips."""

from dataclasses import replace

import numpy as np

from speechsent.baseline import LinearBaseline, clip_statistics
from speechsent.clips import Clips
from speechsent.evaluation.predictions import Predictions
from speechsent.metrics import Values
from speechsent.run import Run
from speechsent.training.listener import Listener

BASELINE = "baseline.npz"
VIEWS = ("log_mel", "mfcc")


def standard_statistics(clips: Clips) -> Values:
    """Clip statistics of features standardised as the network sees them; one clip at a time.

    Returns:
        Shape ``(n_clips, n_values)``. Of the log-mel spectrum and the cepstra, as far as they are
        there; of all views where neither is.
    """
    views = [view for view in VIEWS if view in clips.views] or sorted(clips.views)
    rows = []
    for i in range(len(clips)):
        raw = clips.raw(i, views)
        standard = {view: [clips.statistics[view][i](raw[view])] for view in views}
        rows.append(clip_statistics(standard, views))
    return np.concatenate(rows)


def fit_baseline(run: Run, train: Clips, validation: Clips, listener: Listener) -> None:
    """Fit a linear model to the clips the network is fitted to, and write it into the run.

    Args:
        run: The run.
        train: Clips to fit on.
        validation: Clips that choose the regularisation, and are fitted on then if the run is.
        listener: Who is told how it does.
    """
    values = standard_statistics(validation)
    trained = standard_statistics(train)
    linear = LinearBaseline.fit(trained, train.classes, values, validation.classes, train.n_classes)
    listener.note(
        "linear baseline on clip statistics: "
        f"validation UAR {linear.uar(values, validation.classes):.3f}"
    )
    if run.config.fits_validation:
        classes = np.concatenate([train.classes, validation.classes])
        linear = linear.again(np.concatenate([trained, values]), classes)
    with run.writing(BASELINE) as path:
        linear.save(path)


def baseline_predictions(run: Run, clips: Clips, predictions: Predictions) -> Predictions | None:
    """What the run's linear model answers for clips; None if the run has none, as older ones.

    Args:
        run: The run.
        clips: The clips.
        predictions: What the network answers for them.

    Raises:
        RunError: If the file of the model is damaged.
        ParameterError: If the model reads other features.
    """
    path = run.sound(BASELINE)
    if not path.is_file():
        return None
    linear = LinearBaseline.load(path, len(run.labels))
    return replace(predictions, probabilities=linear.probabilities(standard_statistics(clips)))
