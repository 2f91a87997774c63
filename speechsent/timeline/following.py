"""From a recording, however long, to its emotions over time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechsent import audio
from speechsent.errors import AudioError, ParameterError
from speechsent.recognised import AT_ONCE
from speechsent.timeline.model import Model, TrainedModel, answered
from speechsent.timeline.record import Timeline
from speechsent.timeline.smoothing import Moment, smoothed
from speechsent.timeline.speech import SpeechConfig, hear
from speechsent.timeline.windows import windows

if TYPE_CHECKING:
    from speechsent.recogniser import Recogniser
    from speechsent.run import Run

BLOCK = 60.0  # seconds of a file that are read at once
SMALLEST_HOP = 0.05  # seconds


def follow(
    model: "Model | Recogniser | Run | Path | str",
    path: Path | str,
    *,
    hop: float | None = None,
    speech: SpeechConfig | None = None,
) -> Timeline:
    """Tell the emotions of one recording over time.

    Memory for sound does not grow with its length; what is told of it does, by a row a hop.

    Args:
        model: A finished run or its folder, a recogniser, or any :class:`Model`. Of a run that
            standardises by speaker, the recording counts as one speaker's; a recogniser is taken
            as it is.
        path: The recording.
        hop: Seconds from one window to the next, from 0.05 to half a window; half a window if not
            given.
        speech: What counts as speech; the defaults if not given.

    Raises:
        AudioError: If the recording cannot be used.
        ParameterError: If ``hop`` is out of range.
        RunError: If there is no such run.
    """
    path = Path(path)
    model = _model(model, path)
    return Timeline.of(
        follow_blocks(model, blocks(path, model.audio), hop=hop, speech=speech),
        file=str(path),
        labels=model.labels,
        tells_numbers=model.tells_numbers,
        hop=step(model, hop) / model.audio.sample_rate,
    )


def follow_blocks(
    model: Model,
    blocks: Iterable[np.ndarray],
    *,
    hop: float | None = None,
    speech: SpeechConfig | None = None,
    at_once: int = AT_ONCE,
) -> Iterator[Moment]:
    """Tell moment after moment of samples as they come, in memory that does not grow.

    Args:
        model: What answers.
        blocks: Mono samples at ``model.audio.sample_rate``, in blocks of any length.
        hop: Seconds from one window to the next; half a window if not given.
        speech: What counts as speech; the defaults if not given.
        at_once: Windows evaluated at once; 1 for samples that come live.

    Yields:
        What is told of each moment, in order of time, without gaps; how the blocks are cut does
        not matter.

    Raises:
        ParameterError: If ``hop`` is out of range.
    """
    rate, hop_samples = model.audio.sample_rate, step(model, hop)
    frames = hear(blocks, sample_rate=rate, config=speech or SpeechConfig())
    length = round(model.window_seconds * rate)
    found = windows(frames, length=length, hop=hop_samples)
    return smoothed(answered(model, found, at_once=at_once), hop=hop_samples, sample_rate=rate)


def step(model: Model, hop: float | None) -> int:
    """Samples from one window to the next.

    Raises:
        ParameterError: If the hop is out of range.
    """
    most = model.window_seconds / 2
    seconds = most if hop is None else hop
    if not SMALLEST_HOP <= seconds <= most:
        raise ParameterError(
            f"hop must lie between {SMALLEST_HOP} and {most:g} s, half a window of this model. "
            f"Received: hop={seconds}"
        )
    return round(seconds * model.audio.sample_rate)


def blocks(path: Path, config: audio.AudioConfig) -> Iterator[np.ndarray]:
    """A file in blocks, to its last sample.

    Raises:
        AudioError: If the file cannot be used.
    """
    seconds = audio.probe(path).seconds
    if seconds < config.min_seconds:
        raise AudioError(path, f"too short: {seconds:.3f} s, at least {config.min_seconds} s")
    # A clip has a shortest length; the last block of a long file has none.
    whole = replace(config, min_seconds=1 / config.sample_rate)
    return audio.blocks(path, whole, seconds=BLOCK)


def _model(model: "Model | Recogniser | Run | Path | str", path: Path) -> Model:
    """What answers; a run is loaded and hears the recording first if it must."""
    if isinstance(model, Model):
        return model
    from speechsent.recogniser import Recogniser
    from speechsent.run import Run

    if isinstance(model, Recogniser):
        return TrainedModel(model)
    recogniser = Recogniser(model if isinstance(model, Run) else Run.open(Path(model)))
    if recogniser.standardizer.scope == "speaker":
        recogniser.adapt([path])
    return TrainedModel(recogniser)
