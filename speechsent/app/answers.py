"""What is told of a clip: by each run as a whole and over time, and how it looks."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from speechsent import __version__, audio
from speechsent.app.following import over_time
from speechsent.app.limits import Limits
from speechsent.app.models import Model
from speechsent.app.picture import picture
from speechsent.app.refusal import RefusedError
from speechsent.app.waiting import Turn
from speechsent.errors import AudioError, AudioWarning
from speechsent.samples import CONVERT

COMPARED = 2  # runs asked about one clip


def answer(path: Path, models: Sequence[Model], limits: Limits, turn: Turn) -> dict[str, Any]:
    """Ask some runs about a clip.

    Args:
        path: The clip.
        models: The runs.
        limits: How long it may be.
        turn: Asked between two steps whether anybody still waits.

    Returns:
        What the page shows and hands out as JSON.

    Raises:
        RefusedError: If the clip cannot be used.
    """
    with _kindly(), _noted(path) as notes:
        info = audio.probe(path)
        _check_length(info.seconds, limits)
        answers = [_answer_of(model, path, turn) for model in models]
        turn.check()
        return {
            "speechsent": __version__,
            "clip": {
                "seconds": info.seconds,
                "sample_rate": info.sample_rate,
                "channels": info.n_channels,
                "container": info.container,
            },
            "notes": notes,
            "answers": answers,
            "spectrogram": picture(path).to_dict(),
        }


def _answer_of(model: Model, path: Path, turn: Turn) -> dict[str, Any]:
    """What one run tells of the clip."""
    recogniser = model.recogniser
    turn.check()
    if recogniser.standardizer.scope == "speaker":
        recogniser.adapt([path])
    values = recogniser.file(path).tolist()
    overall = dict(zip(recogniser.labels, values, strict=True))
    return {
        "run": model.facts(),
        "overall": overall,
        "calibrated": recogniser.calibration is not None,
        "over_time": over_time(model, path, turn),
    }


def _check_length(seconds: float, limits: Limits) -> None:
    """Refuse what is too long before anything is decoded."""
    if seconds > limits.max_seconds:
        raise RefusedError(
            413,
            "too-long",
            f"The clip is {seconds:.0f} s long, at most {limits.max_seconds:g} s are taken. "
            "Please cut it.",
        )


@contextmanager
def _kindly() -> Iterator[None]:
    """Whatever is wrong with the audio, in its own words and without a path.

    What another form of the same sound would mend is told apart (415), because a browser can
    often decode it where we cannot.
    """
    try:
        yield
    except AudioError as error:
        other_form = CONVERT in error.reason
        status, code = (415, "unreadable") if other_form else (422, "unusable")
        raise RefusedError(status, code, f"This clip cannot be used: {error.reason}.") from error


@contextmanager
def _noted(path: Path) -> Iterator[list[str]]:
    """Collect what is odd about the audio, each once and without a path."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    told = (str(w.message) for w in caught if issubclass(w.category, AudioWarning))
    notes.extend(dict.fromkeys(re.sub(rf"^{re.escape(str(path))}: ", "", text) for text in told))
