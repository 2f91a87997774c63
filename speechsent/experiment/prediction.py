"""Name the emotion in audio files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speechsent.corpus.folder import AUDIO_SUFFIXES
from speechsent.errors import AudioError, ParameterError
from speechsent.experiment.evaluation import open_run
from speechsent.recogniser import Recogniser
from speechsent.run import Run
from speechsent.training.listener import Listener

REJECTED = "rejected"


@dataclass(frozen=True)
class Prediction:
    """The answer for one clip.

    Args:
        file: The file.
        probabilities: By emotion; they sum to 1.
        calibrated: Whether the run's temperature was applied to them.
        rejected: Whether the highest is too low for an answer.
    """

    file: str
    probabilities: dict[str, float]
    calibrated: bool = False
    rejected: bool = False

    @property
    def emotion(self) -> str:
        """The most probable emotion, or ``"rejected"``."""
        if self.rejected:
            return REJECTED
        return max(self.probabilities, key=lambda name: self.probabilities[name])


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
        RunError: If there is no such run.
    """
    if reject_below is not None and not 0 < reject_below < 1:
        raise ParameterError(
            f"reject_below must lie in (0, 1). Received: reject_below={reject_below}"
        )
    run, listener = open_run(run), listener or Listener()
    paths = _audio_files(files)
    recogniser = Recogniser(run)
    if recogniser.standardizer.scope == "speaker":
        listener.note("standardised by speaker: all these files count as one speaker's")
        recogniser.adapt(paths)
    calibrated = recogniser.calibration is not None
    if reject_below is not None and not calibrated:
        listener.note("warning: this run has no calibration.json: what is rejected is uncalibrated")
    predictions = []
    listener.begin("recognition", len(paths), "files")
    for path in paths:
        values = recogniser.file(path).tolist()
        rejected = reject_below is not None and max(values) < reject_below
        probabilities = dict(zip(run.labels, values, strict=True))
        predictions.append(Prediction(str(path), probabilities, calibrated, rejected))
        listener.step(len(predictions))
    listener.end()
    return predictions


def _audio_files(files: Sequence[Path | str]) -> list[Path]:
    """Files as they are, folders as the audio files below them."""
    found: list[Path] = []
    for file in map(Path, files):
        if not file.is_dir():
            found.append(file)
            continue
        below = sorted(p for p in file.rglob("*") if p.suffix.lower() in AUDIO_SUFFIXES)
        if not below:
            raise AudioError(file, "a folder without audio files")
        found.extend(below)
    if not found:
        raise ParameterError("predict needs at least one file. Received: none")
    return found
