from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechsent.auditing.sides import Side
from speechsent.corpus.delivery import utter
from speechsent.corpus.utterance import Utterance

RATE = 16_000


@pytest.fixture(scope="session")
def recording() -> np.ndarray:
    """One clip of the built-in voices, 16 kHz."""
    return utter(1, "anger", 1, 1, seed=0, sample_rate=RATE).astype(np.float32)


@pytest.fixture
def make_side(tmp_path):
    """A side of clips that are not there, from rows of speaker, sentence, emotion."""

    def make(*rows: tuple[str | None, str | None, str], hashes: tuple[str, ...] = ()) -> Side:
        utterances = tuple(
            Utterance(path=tmp_path / f"{i}.wav", speaker=who, sentence=text, emotion=emotion)
            for i, (who, text, emotion) in enumerate(rows)
        )
        return Side(name="side", root=tmp_path, utterances=utterances, hashes=hashes)

    return make


@pytest.fixture
def write_voices(tmp_path):
    """Write clips of the built-in voices; two emotions and two sentences a speaker."""

    def write(folder: str, speakers: tuple[int, ...]) -> Path:
        for speaker in speakers:
            for emotion in ("anger", "sadness"):
                for sentence in (1, 2):
                    name = f"syn-{'mf'[speaker % 2]}{speaker:02d}-{emotion}-s{sentence}-1.wav"
                    path = tmp_path / folder / emotion / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    signal = utter(speaker, emotion, sentence, 1, seed=0, sample_rate=RATE)
                    soundfile.write(path, signal, RATE, subtype="PCM_16")
        return tmp_path / folder

    return write
