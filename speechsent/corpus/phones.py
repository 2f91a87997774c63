"""Sentences of made-up phones, and the movements of the mouth which say them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speechsent.corpus.voice import FRAME_RATE, Articulation

SENTENCES = (
    "ma.ti suno.ke",
    "sule.ka nimo",
    "tofa mi.seno",
    "ni.paso lemu",
    "fe.kuma na.ti",
    "lo.si mu.take",
    "mune.po Sila",
    "Sa.te noli.ku",
)
"""Each letter is a phone, ``.`` the closure before a stop, a space where the speaker may halt."""

# First three formants in Hz of an adult male, the vowels from
# Peterson, Barney (1952), https://doi.org/10.1121/1.1906875
_FORMANTS = {
    "a": (730, 1090, 2440),
    "e": (530, 1840, 2480),
    "i": (270, 2290, 3010),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
    "m": (250, 1000, 2200),
    "n": (250, 1500, 2500),
    "l": (350, 1150, 2700),
}
_HIGHER_FORMANTS = (3500.0, 4500.0)
_NOISE_CENTRE = {"f": 4200, "k": 1900, "p": 900, "s": 5500, "S": 3000, "t": 4000}  # Hz
_VOICING = {"a": 1.0, "e": 1.0, "i": 1.0, "o": 1.0, "u": 1.0, "l": 0.5, "m": 0.4, "n": 0.4}
_FRICTION = {"f": 0.4, "k": 1.2, "p": 0.8, "s": 1.0, "S": 1.2, "t": 1.2}
_LENGTH = {" ": 0.0, ".": 0.5, "k": 0.25, "p": 0.2, "t": 0.2} | dict.fromkeys("aeiou", 2.0)
_EDGE = np.array([0.25, 0.5, 0.25])
_SILENCE = 0.1  # s, before the first sound and after the last


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """When each phone of a sentence is said.

    Args:
        phones: Letters of the sentence.
        starts: Start of each phone in seconds, shape ``(n_phones,)``.
        ends: End of each phone in seconds, shape ``(n_phones,)``.
        times: Time of each frame in seconds, shape ``(n_frames,)``.
    """

    phones: str
    starts: npt.NDArray[np.float64]
    ends: npt.NDArray[np.float64]
    times: npt.NDArray[np.float64]

    def hold(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Keep each phone's value while it lasts, softened at the edges; 0 in silence."""
        steps = np.concatenate([[0.0], values, [0.0]])
        index = np.searchsorted(np.append(self.starts, self.ends[-1]), self.times, side="right")
        return np.convolve(steps[index], _EDGE, mode="same")

    def glide(
        self, values: npt.NDArray[np.float64], where: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float64]:
        """Move from the middle of one phone to the next, passing over those not in ``where``."""
        middles = (self.starts + self.ends) / 2
        return np.interp(self.times, middles[where], values[where])


def lay_out(sentence: str, *, duration: float, pause: float) -> Timeline:
    """Spread a sentence over ``duration`` seconds, ``pause`` of them at its space."""
    shares = np.array([_LENGTH.get(phone, 1.0) for phone in sentence])
    lengths = shares / shares.sum() * (duration - pause)
    lengths[sentence.index(" ")] = pause
    ends = _SILENCE + np.cumsum(lengths)
    n_frames = round((_SILENCE + duration + _SILENCE) * FRAME_RATE)
    return Timeline(
        phones=sentence,
        starts=np.concatenate([[_SILENCE], ends[:-1]]),
        ends=ends,
        times=np.arange(n_frames) / FRAME_RATE,
    )


def articulate(line: Timeline, *, loudness: npt.NDArray[np.float64], tract: float) -> Articulation:
    """Movements of the mouth which say a sentence.

    Args:
        line: The sentence in time.
        loudness: Level of each phone in dB, shape ``(n_phones,)``; the loudest counts as 0.
        tract: Formants relative to an adult male's.
    """
    gain = 10 ** ((loudness - loudness.max()) / 20)
    return Articulation(
        formants=tract * _formants(line),
        voicing=line.hold(_each(line.phones, _VOICING) * gain),
        friction=line.hold(_each(line.phones, _FRICTION) * gain.mean()),
        colour=line.glide(_each(line.phones, _NOISE_CENTRE), _each(line.phones, _FRICTION) > 0),
    )


def is_vowel(phones: str) -> npt.NDArray[np.bool_]:
    """Mark the vowels, shape ``(n_phones,)``."""
    return np.array([phone in "aeiou" for phone in phones])


def _each(phones: str, values: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Look every phone up; 0 for those that are not listed."""
    return np.array([values.get(phone, 0.0) for phone in phones])


def _formants(line: Timeline) -> npt.NDArray[np.float64]:
    """Formants in Hz, shape ``(n_frames, 5)``, gliding through sounds that have none."""
    where = np.array([phone in _FORMANTS for phone in line.phones])
    columns = [
        line.glide(np.array([_FORMANTS.get(phone, (0, 0, 0))[k] for phone in line.phones]), where)
        for k in range(3)
    ]
    columns += [np.full(len(line.times), formant) for formant in _HIGHER_FORMANTS]
    return np.stack(columns, axis=1)
