from pathlib import Path

import pytest

from speechsent.corpus.readers import ravdess, tess
from speechsent.corpus.utterance import Corpus, Utterance

ROOT = Path("root")


def corpus_of(name, utterances):
    return Corpus(name=name, root=ROOT, utterances=tuple(sorted(utterances, key=lambda u: u.path)))


@pytest.fixture
def make_corpus():
    """A corpus of (speaker, emotion, sentence) rows, a clip each."""

    def make(rows, name="toy"):
        return corpus_of(
            name,
            [
                Utterance(path=ROOT / f"{n:04d}.wav", emotion=e, speaker=who, sentence=what)
                for n, (who, e, what) in enumerate(rows)
            ],
        )

    return make


@pytest.fixture
def four(make_corpus):
    """Four speakers say three sentences with two emotions."""
    return make_corpus(
        [(f"toy/{who}", e, what) for who in "abcd" for e in ("anger", "fear") for what in "xyz"]
    )


@pytest.fixture(scope="session")
def ravdess_names():
    """The 1440 clips of RAVDESS speech, by name alone; neutral is never strong."""
    names = [
        f"Actor_{actor:02d}/03-01-{emotion:02d}-{level:02d}-{text:02d}-{take:02d}-{actor:02d}.wav"
        for actor in range(1, 25)
        for emotion in range(1, 9)
        for level in (1, 2)
        for text in (1, 2)
        for take in (1, 2)
        if (emotion, level) != (1, 2)
    ]
    return corpus_of("ravdess", [ravdess.READER.parse(ROOT / name) for name in names])


@pytest.fixture(scope="session")
def tess_names():
    """Both actresses of TESS with twenty of the words."""
    names = [
        f"{who}_word{chr(97 + n)}_{emotion}.wav"
        for who in ("OAF", "YAF")
        for n in range(20)
        for emotion in ("neutral", "happy", "sad", "angry", "fear", "disgust", "ps")
    ]
    return corpus_of("tess", [tess.READER.parse(ROOT / name) for name in names])
