"""Whether an exported file answers as the run does, on real clips."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from speechsent import audio
from speechsent.corpus.utterance import Utterance
from speechsent.errors import AudioWarning, ExportError
from speechsent.exporting.formats import Answering
from speechsent.features.extraction import Extractor
from speechsent.recognised import audio_files
from speechsent.recogniser import Recogniser
from speechsent.run import Run

TOLERANCE = 1e-4  # of a probability, or of a number's deviation in training
N_CLIPS = 12


def clips_of(run: Run) -> list[Utterance]:
    """Some of the clips a run was trained on or chosen by, spread evenly; none for its test.

    Raises:
        ExportError: If none of them is here.
    """
    here = [u for u in run.split.of("validation", "train") if u.path.is_file()]
    if not here:
        raise ExportError(
            f"{run.path}: none of its clips is here to compare the answers on; name some others "
            "with --clips"
        )
    places = np.linspace(0, len(here) - 1, min(len(here), N_CLIPS)).round()
    return [here[place] for place in places.astype(int)]


def clips_among(files: Sequence[Path | str]) -> list[Utterance]:
    """Clips that were named, folders with all that lies below them."""
    return [Utterance(path=path, emotion="") for path in audio_files(files)]


def worst_difference(
    recogniser: Recogniser, answer: Answering, clips: Sequence[Utterance]
) -> float:
    """Largest difference between the two answers.

    Numbers count in deviations of the training clips, because their units can be any. An answer
    that is no number makes it nan, which no tolerance lets pass.

    Raises:
        AudioError: If a clip cannot be used.
    """
    unit = np.asarray(recogniser.scale.sd) if recogniser.scale else 1.0
    worst = []
    for clip in clips:
        signal = _signal(recogniser.extractor, clip)
        worst.append(np.max(np.abs(answer(signal) - recogniser.signal(signal)) / unit))
    return float(np.max(worst))  # max() would pass over nan


def _signal(extractor: Extractor, clip: Utterance) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioWarning)  # the training has told them
        return audio.load(clip.path, extractor.audio, start=clip.start, end=clip.end)
