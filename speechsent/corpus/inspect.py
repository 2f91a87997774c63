"""Look at a corpus: who speaks, how often, how long, how loud, and which files are the same."""

import math
import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from speechsent.corpus.hashes import sha256
from speechsent.corpus.utterance import Corpus, Refusal, Utterance
from speechsent.errors import AudioError, AudioWarning

if TYPE_CHECKING:
    from speechsent.audio import AudioConfig

UNKNOWN = "unknown"
SILENCE = 1e-20  # -200 dB, below the resolution of any recording


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Smallest, middle and largest of some numbers; nan where there are none."""

    minimum: float
    median: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of some numbers.

        Example:
            >>> Spread.of([3.0, 1.0, 2.0])
            Spread(minimum=1.0, median=2.0, maximum=3.0)
        """
        low, middle, high = np.quantile(values or [np.nan], [0, 0.5, 1])
        return cls(minimum=float(low), median=float(middle), maximum=float(high))


@dataclass(frozen=True, kw_only=True)
class CorpusSummary:
    """What there is to know about a corpus before training on it.

    Args:
        name: Name of the corpus.
        n_utterances: Number of utterances, also those whose audio is refused.
        emotions: Utterances of each emotion.
        speakers: Utterances of each speaker; ``"unknown"`` counts the others.
        genders: Speakers' genders, counted in utterances.
        sentences: Utterances of each sentence.
        seconds: Total duration in seconds.
        duration: Spread of the durations in seconds.
        level: Spread of the RMS levels in dB relative to full scale.
        sample_rates: Utterances at each sampling rate in Hz.
        channels: Utterances with each number of channels.
        refused: Files left out of the corpus, and files whose audio cannot be used.
        spellings: Emotion names as found, mapped to the canonical ones.
        identical: Groups of files with the same bytes, relative to the corpus.
        warned: What is odd about files that are used all the same.
    """

    name: str
    n_utterances: int
    emotions: Mapping[str, int]
    speakers: Mapping[str, int]
    genders: Mapping[str, int]
    sentences: Mapping[str, int]
    seconds: float
    duration: Spread
    level: Spread
    sample_rates: Mapping[int, int]
    channels: Mapping[int, int]
    refused: tuple[Refusal, ...]
    spellings: Mapping[str, str]
    identical: tuple[tuple[str, ...], ...]
    warned: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and texts, ready for JSON."""
        plain = asdict(self)
        plain["refused"] = [{"path": str(r.path), "reason": r.reason} for r in self.refused]
        plain["identical"] = [list(group) for group in self.identical]
        plain["warned"] = list(self.warned)
        for name in ("duration", "level"):  # JSON has no nan
            spread = plain[name]
            plain[name] = {key: spread[key] if self.sample_rates else None for key in spread}
        return plain


@dataclass(frozen=True, kw_only=True)
class _Sound:
    seconds: float
    level: float
    sample_rate: int
    n_channels: int


def inspect(corpus: Corpus, audio_config: "AudioConfig | None" = None) -> CorpusSummary:
    """Read every clip of a corpus once and sum up what is found.

    Args:
        corpus: The corpus.
        audio_config: How audio will be opened for training; decides which files are refused.
    """
    sounds, refused, warned = _listen(corpus, audio_config)
    return CorpusSummary(
        name=corpus.name,
        n_utterances=len(corpus),
        emotions=_counted(u.emotion for u in corpus),
        speakers=_counted(u.speaker for u in corpus),
        genders=_counted(u.gender for u in corpus),
        sentences=_counted(u.sentence for u in corpus),
        seconds=float(sum(s.seconds for s in sounds)),
        duration=Spread.of([s.seconds for s in sounds]),
        level=Spread.of([s.level for s in sounds]),
        sample_rates=dict(Counter(s.sample_rate for s in sounds)),
        channels=dict(Counter(s.n_channels for s in sounds)),
        refused=(*corpus.refused, *refused),
        spellings=dict(corpus.spellings),
        identical=_identical(corpus),
        warned=warned,
    )


def _listen(
    corpus: Corpus, config: "AudioConfig | None"
) -> tuple[list[_Sound], list[Refusal], tuple[str, ...]]:
    sounds, refused = [], []
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", AudioWarning)
        for utterance in corpus:
            try:
                sounds.append(_sound(utterance, config))
            except AudioError as error:
                refused.append(Refusal(utterance.path, error.reason))
    odd = (str(w.message) for w in told if issubclass(w.category, AudioWarning))
    return sounds, refused, tuple(dict.fromkeys(odd))


def _sound(utterance: Utterance, config: "AudioConfig | None") -> _Sound:
    from speechsent import audio

    info = audio.probe(utterance.path)
    signal = audio.load(
        utterance.path,
        config or audio.AudioConfig(),
        start=utterance.start,
        end=utterance.end,
    )
    end = info.seconds if utterance.end is None else utterance.end
    power = float(np.mean(signal.astype(np.float64) ** 2))
    return _Sound(
        seconds=end - utterance.start,
        level=10 * math.log10(max(power, SILENCE)),
        sample_rate=info.sample_rate,
        n_channels=info.n_channels,
    )


def _counted(values: Iterable[str | None]) -> dict[str, int]:
    """Count names in alphabetical order."""
    return dict(sorted(Counter(value or UNKNOWN for value in values).items()))


def _identical(corpus: Corpus) -> tuple[tuple[str, ...], ...]:
    """Groups of different files with the same bytes; only files of equal size are read."""
    by_size: dict[int, set[Path]] = defaultdict(set)
    for utterance in corpus:
        if os.access(utterance.path, os.R_OK) and utterance.path.is_file():
            by_size[utterance.path.stat().st_size].add(utterance.path)
    by_content: dict[str, list[str]] = defaultdict(list)
    for paths in by_size.values():
        for path in sorted(paths) if len(paths) > 1 else ():
            by_content[sha256(path)].append(path.relative_to(corpus.root).as_posix())
    return tuple(sorted(tuple(group) for group in by_content.values() if len(group) > 1))
