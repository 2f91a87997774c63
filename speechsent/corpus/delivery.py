"""How made-up speakers say made-up sentences in six emotions.

The directions of the cues follow Juslin, Laukka (2003). Communication of emotions in vocal
expression and music performance. https://doi.org/10.1037/0033-2909.129.5.770
Their sizes are set so that the classes overlap.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from speechsent.corpus.phones import SENTENCES, Timeline, articulate, is_vowel, lay_out
from speechsent.corpus.voice import Glottis, speak
from speechsent.errors import ParameterError

EMOTIONS = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
_CUES = {
    #                 anger  disgust fear  happy  neutral  sad    spread least  most
    "pitch":         ((4.5,  -1.0,   5.5,   4.0,   0.0,  -0.5),   1.5,  -6.0,  12.0),
    "pitch_range":   ((3.5,   2.0,   2.0,   4.5,   1.5,   1.2),   0.8,   0.3,   6.0),
    "pitch_slope":   ((-4.0, -4.0,   2.0,   1.0,  -2.0,  -4.0),   2.0,  -9.0,   7.0),
    "tremor":        ((0.1,   0.1,   0.6,   0.1,   0.1,   0.3),   0.2,   0.0,   1.2),
    "duration":      ((1.35,  1.75,  1.25,  1.45,  1.5,   1.85),  0.15,  1.05,  2.2),
    "pause":         ((0.03,  0.12,  0.06,  0.03,  0.05,  0.15),  0.05,  0.0,   0.3),
    "level":         ((-3.0, -9.0,  -8.0,  -5.0, -10.0, -15.0),   3.0, -24.0,  -0.5),
    "accent":        ((7.0,   5.0,   3.0,   6.0,   3.0,   2.0),   1.5,   0.0,  12.0),
    "open_quotient": ((0.40,  0.50,  0.60,  0.55,  0.60,  0.75),  0.06,  0.3,   0.95),
    "tilt":          ((0.5,   3.0,   3.0,   2.0,   4.0,   6.0),   1.2,  -1.0,   9.0),
    "breathiness":   ((0.03,  0.06,  0.12,  0.05,  0.04,  0.12),  0.04,  0.0,   0.3),
    "jitter":        ((0.02,  0.035, 0.02,  0.01,  0.008, 0.012), 0.006, 0.0,   0.06),
    "smile":         ((0.01, -0.05,  0.0,   0.06,  0.0,  -0.02),  0.02, -0.12,  0.12),
}  # fmt: skip
_F0_LIMITS = (60.0, 500.0)  # Hz
_FULL_SCALE = 0.95
_HABIT = 0.6  # of the spread lies between speakers, the rest between their takes


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How one sentence is said.

    Args:
        pitch: Mean f0 above the speaker's habit in semitones.
        pitch_range: Size of the pitch movements in semitones.
        pitch_slope: Rise of the pitch from the first to the last sound in semitones.
        tremor: Depth of a 6 Hz waver of the pitch in semitones.
        duration: Seconds from first to last sound, in the whole.
        pause: Length of a halt inside the sentence in seconds.
        level: Peak level in dB relative to full scale.
        accent: How much the stressed syllables stand out in dB.
        open_quotient: See :class:`~speechsent.corpus.voice.Glottis`; likewise the next three.
        tilt: In dB per octave.
        breathiness: Relative to the pulses.
        jitter: Share of the cycle length.
        smile: Shift of the formants by the lips' shape, as a share.
    """

    pitch: float
    pitch_range: float
    pitch_slope: float
    tremor: float
    duration: float
    pause: float
    level: float
    accent: float
    open_quotient: float
    tilt: float
    breathiness: float
    jitter: float
    smile: float


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """What one voice keeps whatever it says.

    Args:
        f0: Habitual fundamental frequency in Hz.
        tract: Formants relative to an adult male's.
        gain: Level in dB relative to other speakers.
        microphone: First-order colouring of the recording, in (-1, 1); positive is dull.
        noise: Level of the background noise in dB relative to full scale.
        habits: Lasting deviations from the delivery of others in spreads, shape ``(n_cues,)``.
    """

    f0: float
    tract: float
    gain: float
    microphone: float
    noise: float
    habits: npt.NDArray[np.float64]


def utter(
    speaker: int,
    emotion: str,
    sentence: int,
    take: int,
    *,
    seed: int = 0,
    sample_rate: int = 16_000,
) -> npt.NDArray[np.float32]:
    """One clip: a speaker says a sentence in an emotion.

    Args:
        speaker: Number from 1; odd numbers are female, even numbers male.
        emotion: One of ``EMOTIONS``.
        sentence: Number from 1 to 8.
        take: Number from 1.
        seed: Seed of the corpus.
        sample_rate: Hz, a multiple of 100, at least 16000.

    Returns:
        Mono signal in [-0.95, 0.95] of 1.2 to 2.5 s, shape ``(n_samples,)``.

    Example:
        >>> utter(3, "anger", sentence=2, take=1).dtype
        dtype('float32')
    """
    _check_utterance(speaker, emotion, sentence, take)
    rng = np.random.default_rng([seed, 1, speaker, EMOTIONS.index(emotion), sentence, take])
    who = draw_speaker(speaker, seed=seed)
    how = _draw_delivery(emotion, who.habits, rng)
    line = lay_out(SENTENCES[sentence - 1], duration=how.duration, pause=how.pause)
    stress = rng.standard_normal(len(line.phones)) * is_vowel(line.phones)
    glottis = Glottis(
        open_quotient=how.open_quotient,
        tilt=how.tilt,
        breathiness=how.breathiness,
        jitter=how.jitter,
        shimmer=2 * how.jitter,
    )
    signal = speak(
        articulate(line, loudness=how.accent * stress, tract=who.tract * (1 + how.smile)),
        _melody(line, stress, who, how, rng),
        glottis,
        sample_rate=sample_rate,
        rng=rng,
    )
    return _record(signal, who, how.level, rng)


def draw_speaker(number: int, *, seed: int) -> Speaker:
    """Make up a speaker: a woman for odd numbers, a man for even ones."""
    rng = np.random.default_rng([seed, 0, number])
    female = number % 2 == 1
    return Speaker(
        f0=(200 if female else 115) * 2 ** rng.normal(0, 0.12),
        tract=(1.16 if female else 1.0) * rng.normal(1, 0.03),
        gain=rng.normal(0, 1.5),
        microphone=rng.uniform(-0.3, 0.3),
        noise=rng.uniform(-65, -52),
        habits=rng.standard_normal(len(_CUES)),
    )


def _draw_delivery(emotion: str, habits: np.ndarray, rng: np.random.Generator) -> Delivery:
    """One take's cues: the emotion's means, moved by the speaker's habits and by chance."""
    moods = np.sqrt(_HABIT) * habits + np.sqrt(1 - _HABIT) * rng.standard_normal(len(_CUES))
    column = EMOTIONS.index(emotion)
    return Delivery(
        **{
            cue: float(np.clip(means[column] + spread * mood, least, most))
            for (cue, (means, spread, least, most)), mood in zip(_CUES.items(), moods, strict=True)
        }
    )


def _melody(
    line: Timeline,
    stress: npt.NDArray[np.float64],
    who: Speaker,
    how: Delivery,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """Fundamental frequency in Hz, one value a frame."""
    progress = np.linspace(-0.5, 0.5, len(line.times))
    tremor = np.sin(2 * np.pi * (6 * line.times + rng.random()))
    semitones = (
        how.pitch
        + how.pitch_range * line.glide(stress, is_vowel(line.phones))
        + how.pitch_slope * progress
        + how.tremor * tremor
    )
    return np.clip(who.f0 * 2 ** (semitones / 12), *_F0_LIMITS)


def _record(
    signal: npt.NDArray[np.float64], who: Speaker, level: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """What the speaker's microphone makes of it: colour, level, background noise."""
    coloured = np.convolve(signal, [1, who.microphone])[: len(signal)]
    peak = min(10 ** ((level + who.gain) / 20), _FULL_SCALE)
    noise = 10 ** (who.noise / 20) * rng.standard_normal(len(signal))
    recorded = coloured * (peak / np.abs(coloured).max()) + noise
    return np.clip(recorded, -_FULL_SCALE, _FULL_SCALE).astype(np.float32)


def _check_utterance(speaker: int, emotion: str, sentence: int, take: int) -> None:
    if emotion not in EMOTIONS:
        raise ParameterError(f"emotion must be one of {EMOTIONS}. Received: emotion={emotion!r}")
    if not 1 <= sentence <= len(SENTENCES):
        raise ParameterError(
            f"sentence must lie in [1, {len(SENTENCES)}]. Received: sentence={sentence}"
        )
    if min(speaker, take) < 1:
        raise ParameterError(
            f"speakers and takes count from 1. Received: speaker={speaker}, take={take}"
        )
