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


@dataclass(frozen=True)
class Prediction:
    """The probabilities of one clip, by emotion."""

    file: str
    probabilities: dict[str, float]

    @property
    def emotion(self) -> str:
        """The most probable emotion."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])


def predict(
    files: Sequence[Path | str],
    run: Run | Path | str | None = None,
    *,
    listener: Listener | None = None,
) -> list[Prediction]:
    """Recognise the emotion in audio files; the training corpus is not needed.

    Under per-speaker standardisation all files of one call count as one speaker's.

    Args:
        files: Audio files, or folders of them.
        run: The run or its folder; the newest under ``runs/`` if not given.
        listener: Who is told about progress.

    Returns:
        Probabilities of each file, in the order given.

    Raises:
        AudioError: If a file cannot be used.
        RunError: If there is no such run.
    """
    run, listener = open_run(run), listener or Listener()
    paths = _audio_files(files)
    recogniser = Recogniser(run)
    if recogniser.standardizer.scope == "speaker":
        listener.note("standardised by speaker: all these files count as one speaker's")
        recogniser.adapt(paths)
    predictions = []
    listener.begin("recognition", len(paths), "files")
    for path in paths:
        probabilities = map(float, recogniser.file(path))
        predictions.append(Prediction(str(path), dict(zip(run.labels, probabilities, strict=True))))
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
