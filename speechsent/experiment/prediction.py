"""Name the emotion in audio files, or tell numbers of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from speechsent.errors import RunError
from speechsent.experiment.evaluation import open_run
from speechsent.recognised import Estimate, Prediction, audio_files, check_threshold
from speechsent.recogniser import Recogniser
from speechsent.run import Run
from speechsent.training.listener import Listener


def predict(
    files: Sequence[Path | str],
    run: Run | Path | str | None = None,
    *,
    reject_below: float | None = None,
    listener: Listener | None = None,
) -> list[Prediction]:
    """Recognise the emotion in audio files; the training corpus is not needed.

    Under per-speaker standardisation all files of one call count as one speaker's.

    Args:
        files: Audio files, or folders of them.
        run: The run or its folder; the newest under ``runs/`` if not given.
        reject_below: Clips whose highest probability is lower are rejected, in ``(0, 1)``; none
            if not given. Meant for calibrated probabilities: ``coverage`` in a run's scores tells
            what a threshold costs and buys.
        listener: Who is told about progress.

    Returns:
        Probabilities of each file, in the order given; calibrated if the run has a temperature.

    Raises:
        ParameterError: If there is no file, or ``reject_below`` is out of range.
        AudioError: If a file cannot be used.
        RunError: If there is no such run, or it tells numbers.
    """
    check_threshold(reject_below)
    run, listener = open_run(run), listener or Listener()
    if run.scale:
        raise RunError(
            f"{run.path}: tells numbers ({', '.join(run.labels)}), not emotions; use estimate, "
            "which rejects nothing"
        )
    paths = audio_files(files)
    recogniser = ready(run, paths, listener)
    calibrated = recogniser.calibration is not None
    if reject_below is not None and not calibrated:
        listener.note("warning: this run has no calibration.json: what is rejected is uncalibrated")
    predictions = []
    for path, values in _answers(recogniser, paths, listener):
        probabilities = dict(zip(run.labels, values, strict=True))
        predictions.append(Prediction.of(path, probabilities, calibrated, reject_below))
    return predictions


def estimate(
    files: Sequence[Path | str],
    run: Run | Path | str | None = None,
    *,
    listener: Listener | None = None,
) -> list[Estimate]:
    """Tell the numbers a run was trained on, such as arousal, of audio files.

    Args:
        files: Audio files, or folders of them.
        run: The run or its folder; the newest under ``runs/`` if not given.
        listener: Who is told about progress.

    Returns:
        Numbers of each file, in the order given.

    Raises:
        ParameterError: If there is no file.
        AudioError: If a file cannot be used.
        RunError: If there is no such run, or it names emotions.
    """
    run, listener = open_run(run), listener or Listener()
    if run.scale is None:
        raise RunError(f"{run.path}: names emotions, and tells no numbers; use predict")
    paths = audio_files(files)
    recogniser = ready(run, paths, listener)
    return [
        Estimate(str(path), dict(zip(run.labels, values, strict=True)))
        for path, values in _answers(recogniser, paths, listener)
    ]


def ready(run: Run, paths: Sequence[Path], listener: Listener) -> Recogniser:
    """The run's model, standardising as the run did.

    Args:
        run: The run.
        paths: All that it is to hear; none if that is not known yet.
        listener: Who is told what counts as one speaker.
    """
    recogniser = Recogniser(run)
    if recogniser.standardizer.scope == "speaker":
        if paths:
            listener.note("standardised by speaker: all these files count as one speaker's")
            recogniser.adapt(paths)
        else:
            listener.note(
                "trained on features standardised by speaker; of this speaker nothing is known, so "
                "the statistics are those of the training corpus"
            )
    return recogniser


def _answers(
    recogniser: Recogniser, paths: Sequence[Path], listener: Listener
) -> Iterator[tuple[Path, list[float]]]:
    """What the model says of each file."""
    listener.begin("recognition", len(paths), "files")
    for done, path in enumerate(paths, start=1):
        yield path, recogniser.file(path).tolist()
        listener.step(done)
    listener.end()
