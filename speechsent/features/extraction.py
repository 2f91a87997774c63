"""From clips to views: every view of a clip comes from one reading and one spectrum."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from speechsent import audio
from speechsent.audio import AudioConfig
from speechsent.corpus.utterance import Refusal, Utterance
from speechsent.errors import AudioError, AudioWarning, ParameterError
from speechsent.features.log_mel import DB_PER_NEPER, LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.prosody import Prosody
from speechsent.features.threads import Compute, Threads

VIEWS = ("log_mel", "mfcc", "prosody")
MARGIN = 2  # frames of quiet kept before and after speech


@dataclass(frozen=True, kw_only=True)
class Extractor:
    """Compute the views of a clip, time along the first axis of each.

    Args:
        audio: What is accepted, and its rate.
        log_mel: Spectrogram for the image branch.
        mfcc: Cepstrum for the sequence branch.
        prosody: Pitch and energy for a second sequence.
        views: Which views to compute.
        trim_db: Quiet before and after speech is cut where the level stays this many dB below
            the clip's maximum; 0 keeps everything.

    Raises:
        ParameterError: If a view is unknown or ``trim_db`` is negative.
    """

    audio: AudioConfig = field(default_factory=AudioConfig)
    log_mel: LogMel = field(default_factory=LogMel)
    mfcc: Mfcc = field(default_factory=Mfcc)
    prosody: Prosody = field(default_factory=Prosody)
    views: tuple[str, ...] = ("log_mel", "mfcc")
    trim_db: float = 35.0

    def __post_init__(self) -> None:
        unknown = set(self.views) - set(VIEWS)
        if unknown or not self.views:
            raise ParameterError(f"views are among {VIEWS}. Received: views={self.views}")
        if not self.trim_db >= 0:
            raise ParameterError(f"trim_db must not be negative. Received: trim_db={self.trim_db}")

    @property
    def widths(self) -> dict[str, int]:
        """Values per frame of each view."""
        known = {
            "log_mel": self.log_mel.n_mels,
            "mfcc": self.mfcc.n_coefficients,
            "prosody": self.prosody.n_coefficients,
        }
        return {view: known[view] for view in self.views}

    def __call__(self, signal: np.ndarray) -> dict[str, np.ndarray]:
        """Map a signal ``(n_samples,)`` to views, each float32 ``(n_frames, n_values)``."""
        log_mel = self.log_mel(signal)
        keep = speech_frames(log_mel, self.trim_db)
        views = {}
        if "log_mel" in self.views:
            views["log_mel"] = np.ascontiguousarray(log_mel.T[keep])
        if "mfcc" in self.views:
            views["mfcc"] = self.mfcc(log_mel)[keep]
        if "prosody" in self.views:
            views["prosody"] = self.prosody(signal)[keep]
        return {view: views[view] for view in self.views}

    def read(self, utterance: Utterance) -> dict[str, np.ndarray]:
        """Read one clip and compute its views.

        Raises:
            AudioError: If the clip cannot be used.
        """
        return self(
            audio.load(utterance.path, self.audio, start=utterance.start, end=utterance.end)
        )


def speech_frames(log_mel: np.ndarray, trim_db: float) -> slice:
    """Frames from the first to the last that lies within ``trim_db`` of the loudest.

    Args:
        log_mel: Level in dB, shape ``(n_mels, n_frames)``.
        trim_db: Distance from the maximum in dB; 0 keeps all frames.

    Example:
        >>> level = np.full((4, 20), -80.0); level[:, 8:12] = 0
        >>> speech_frames(level, 35.0)
        slice(6, 14, None)
    """
    n_frames = log_mel.shape[1]
    if not trim_db:
        return slice(0, n_frames)
    level = DB_PER_NEPER * np.log(np.exp(log_mel / DB_PER_NEPER).sum(axis=0))
    loud = np.flatnonzero(level >= level.max() - trim_db)
    return slice(max(0, int(loud[0]) - MARGIN), min(n_frames, int(loud[-1]) + 1 + MARGIN))


@dataclass(frozen=True)
class FeatureTable:
    """Features of the clips that could be read.

    Args:
        utterances: The clips, in corpus order.
        views: Sequences by view, one a clip, each ``(n_frames, n_values)``.
        refused: Clips that were skipped, with the reason.
        warned: Oddities of clips that were used.
        hashes: SHA-256 of each clip's file; empty if nobody asked for them.
    """

    utterances: tuple[Utterance, ...]
    views: Mapping[str, Sequence[np.ndarray]]
    refused: tuple[Refusal, ...] = ()
    warned: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.utterances)


def extract(
    utterances: Sequence[Utterance],
    extractor: Extractor,
    *,
    skip_bad: bool = False,
    compute: Compute | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FeatureTable:
    """Read all clips and compute their views.

    Args:
        utterances: The clips.
        extractor: Computes the views.
        skip_bad: Leave out clips that cannot be used instead of stopping at the first.
        compute: Where the work is done; in as many threads as there are CPUs if not given.
        progress: Called with (clips done, clips in all).

    Raises:
        AudioError: If a clip cannot be used and ``skip_bad`` is false.
    """
    good: list[Utterance] = []
    refused: list[Refusal] = []
    views: dict[str, list[np.ndarray]] = {view: [] for view in extractor.views}
    compute = compute or Threads()
    with (
        warnings.catch_warnings(record=True) as caught,
        closing(compute(partial(_attempt, extractor), utterances)) as results,
    ):
        warnings.simplefilter("always", AudioWarning)
        for done, (utterance, result) in enumerate(zip(utterances, results, strict=True), 1):
            if isinstance(result, Refusal):
                if not skip_bad:
                    raise AudioError(result.path, result.reason)
                refused.append(result)
            else:
                good.append(utterance)
                for view, values in result.items():
                    views[view].append(values)
            if progress is not None:
                progress(done, len(utterances))
    return FeatureTable(tuple(good), views, tuple(refused), audio_warnings(caught))


def _attempt(extractor: Extractor, utterance: Utterance) -> dict[str, np.ndarray] | Refusal:
    """The views, or why there are none: a value, because no AudioError survives pickling."""
    try:
        return extractor.read(utterance)
    except AudioError as error:
        return Refusal(utterance.path, error.reason)


def audio_warnings(caught: Iterable[warnings.WarningMessage]) -> tuple[str, ...]:
    """What was odd about clips; any other warning is given again."""
    odd = set()
    for warning in caught:
        if issubclass(warning.category, AudioWarning):
            odd.add(str(warning.message))
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return tuple(sorted(odd))
