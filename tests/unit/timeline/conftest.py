"""Recordings whose stretches of speech are known, and a model whose answers are."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from speechsent.audio import AudioConfig
from speechsent.corpus.delivery import utter

RATE = 16_000


def voices(*emotions, pause=1.0, noise=0.0, gain=1.0):
    """The built-in voices, one behind the other, with pauses before, between and behind them.

    Returns:
        The samples, and where each voice begins and ends in seconds.
    """
    rest = np.zeros(round(pause * RATE), np.float32)
    parts, spans, now = [rest], [], pause
    for emotion in emotions:
        signal = sounding(utter(1, emotion, sentence=1, take=1))
        spans.append((now, now + len(signal) / RATE))
        now = spans[-1][1] + pause
        parts += [signal, rest]
    signal = gain * np.concatenate(parts)
    signal += noise * np.random.default_rng(1).standard_normal(len(signal))
    return signal.astype(np.float32), spans


def sounding(signal):
    """From the first to the last sample above a hundredth of the peak."""
    loud = np.flatnonzero(np.abs(signal) > np.abs(signal).max() / 100)
    return signal[loud[0] : loud[-1] + 1]


@dataclass
class Stub:
    """Answers by the mean of the samples, as far as it lies in [0, 1]; windows of a second."""

    labels: tuple[str, ...] = ("anger", "neutral")
    tells_numbers: bool = False
    window_seconds: float = 1.0
    audio: AudioConfig = field(default_factory=AudioConfig)
    heard: list[int] = field(default_factory=list)

    def answers(self, signals):
        self.heard.append(len(signals))
        first = np.array([float(np.clip(signal.mean(dtype=float), 0, 1)) for signal in signals])
        return np.stack([first, 1 - first], axis=1)


@pytest.fixture
def stub():
    return Stub()


@pytest.fixture
def make_voices():
    return voices
