"""Copies of built-in voices are found, other clips of the same voices are not."""

import io

import numpy as np
import pytest
import soundfile
import soxr

from speechsent.auditing.fingerprint import BANDS, alike, compare, fingerprint
from speechsent.corpus.delivery import utter

RATE = 16_000


def prints(*signals: np.ndarray) -> list[np.ndarray]:
    found = [fingerprint(BANDS(np.asarray(signal, np.float32))) for signal in signals]
    assert all(x is not None for x in found)
    return found


def encoded(signal: np.ndarray, container: str) -> np.ndarray:
    file = io.BytesIO()
    soundfile.write(file, signal, RATE, format=container)
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0]


def resampled(signal: np.ndarray, rate: int) -> np.ndarray:
    return soxr.resample(soxr.resample(signal, RATE, rate), rate, RATE)


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: 0.05 * x,
        lambda x: np.round(3276.8 * x) / 32768,
        lambda x: np.concatenate([np.zeros(5000), x, np.zeros(777)]),
        lambda x: x[len(x) // 10 : -len(x) // 10],
        lambda x: resampled(x, 8_000),
        lambda x: resampled(x, 22_050),
        lambda x: resampled(x, 44_100),
        lambda x: encoded(x, "OGG"),
        lambda x: encoded(x, "MP3"),
        lambda x: encoded(0.3 * resampled(x, 8_000)[len(x) // 10 :], "OGG"),
    ],
    ids=["softer", "rounded", "padded", "cut", "8k", "22k", "44k", "ogg", "mp3", "all"],
)
def test_a_copy_is_found(recording, copy):
    pairs = list(alike(prints(recording), prints(copy(recording))))
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 0)]


def test_other_takes_sentences_emotions_and_voices_are_no_copies():
    clips = [
        utter(speaker, emotion, sentence, take, seed=0, sample_rate=RATE)
        for speaker in (1, 2)
        for emotion in ("anger", "sadness")
        for sentence in (1, 2)
        for take in (1, 2)
    ]
    found = [(pair.first, pair.second) for pair in alike(prints(*clips), prints(*clips))]
    assert found == [(i, i) for i in range(len(clips))]


def test_likeness_does_not_depend_on_the_order(recording):
    pair = prints(recording, recording[4000:])
    (there,), (back,) = compare(pair[:1], pair[1:]), compare(pair[1:], pair[:1])
    assert there.likeness == pytest.approx(back.likeness, abs=1e-5)


def test_what_shares_less_than_half_is_no_copy(recording):
    """The end of one is the start of the other, nearly half of the energy of each."""
    before, after = (utter(s, "anger", 2, 1, seed=0, sample_rate=RATE)[:18_000] for s in (1, 3))
    first, second = np.concatenate([before, recording]), np.concatenate([recording, after])
    assert [pair.likeness for pair in compare(prints(first), prints(second))] == [0.0]


def test_more_clips_than_a_block_keep_their_indices(recording, monkeypatch):
    monkeypatch.setattr("speechsent.auditing.fingerprint.BLOCK", 2)
    other = utter(2, "fear", 2, 1, seed=0, sample_rate=RATE)
    pairs = alike(prints(other, other, recording), prints(recording, other, other, recording))
    found = [(pair.first, pair.second) for pair in pairs]
    assert sorted(found) == [(0, 1), (0, 2), (1, 1), (1, 2), (2, 0), (2, 3)]


def test_too_little_speech_has_no_fingerprint(recording):
    """0.15 s hold 16 frames, fewer than twenty differences."""
    assert fingerprint(BANDS(recording[8000:10400])) is None


def test_one_level_everywhere_has_no_fingerprint():
    assert fingerprint(np.full((48, 100), -30.0, np.float32)) is None
