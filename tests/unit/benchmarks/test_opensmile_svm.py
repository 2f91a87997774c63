"""The SVM beside the networks, on made-up functionals of clips that are never read."""

import json
from pathlib import Path

import numpy as np
import opensmile_svm as bench
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.study.archive import read_entry

EMOTIONS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
ROOT = Path("/ravdess")


@pytest.fixture(scope="module")
def corpus():
    clips = [
        Utterance(
            path=ROOT / f"{speaker:02}-{emotion}.wav",
            emotion=emotion,
            speaker=f"ravdess/{speaker:02}",
        )
        for speaker in range(1, 25)
        for emotion in EMOTIONS
    ]
    return Corpus(name="ravdess", root=ROOT, utterances=tuple(clips))


@pytest.fixture(scope="module")
def values(corpus):
    """Twenty numbers a clip that tell emotion and speaker, on scales of their own."""
    rng = np.random.default_rng(5)
    means = rng.normal(size=(len(EMOTIONS), 20))
    voices = rng.normal(size=(24, 20))
    clean = np.stack(
        [means[EMOTIONS.index(u.emotion)] + voices[int(u.speaker[-2:]) - 1] for u in corpus]
    )
    noisy = clean + 0.3 * rng.normal(size=clean.shape)
    return (noisy * rng.uniform(1e-4, 1e3, size=20)).astype(np.float32)


def fold(corpus, values, protocol, number=0):
    found = list(bench.splits(corpus, protocol))
    return bench.fold_of(corpus, values, *found[number])


def test_answers_are_those_of_a_plain_pipeline(corpus, values):
    one = fold(corpus, values, "ravdess-8-luna5")
    train, test = one.indices("train"), one.indices("test")
    svm = SVC(kernel="linear", C=0.01, class_weight="balanced", break_ties=True)
    expected = make_pipeline(StandardScaler(), svm).fit(values[train], one.classes[train])
    found = bench.answers(one, 0.01, "train")["test"]
    assert (found.predicted == expected.predict(values[test])).mean() > 0.97  # float32 products
    assert {int(s[-2:]) for s in found.speakers} == {2, 5, 14, 15, 16}


def test_speakers_are_standardised_on_their_own_clips_where_the_protocol_says_so(corpus, values):
    one = fold(corpus, values, "ravdess-8-luna5+spk")
    standard = one.standardised(one.indices("train"))
    for number in (1, 2):
        own = [i for i, u in enumerate(corpus) if u.speaker == f"ravdess/{number:02}"]
        np.testing.assert_allclose(standard[own].mean(axis=0), 0, atol=1e-5)
    other = fold(corpus, values, "ravdess-8-luna5")
    assert abs(other.standardised(other.indices("train"))[own].mean(axis=0)).max() > 0.5


def test_both_systems_are_written_and_not_fitted_twice(corpus, values, tmp_path):
    one = fold(corpus, values, "ravdess-8-luna5+spk", 4)
    assert not bench.is_there(tmp_path, one.split, 4)
    told = bench.judge(one, tmp_path, "python svm.py")
    assert told.startswith("ravdess-8-luna5+spk, fold 4: C ")
    assert bench.is_there(tmp_path, one.split, 4)
    plain, refit = (
        tmp_path / "ravdess-8-luna5+spk" / f"{name}-f4-s0" for name in (bench.SYSTEM, bench.REFIT)
    )
    assert read_entry(plain).validation is not None
    assert read_entry(refit).validation is None
    n_trained = [json.loads((p / "scores.json").read_text())["n_train"] for p in (plain, refit)]
    assert n_trained == [8 * 16, 8 * 20]
    other = fold(corpus, values, "ravdess-8-luna5+spk", 3)
    assert not bench.is_there(tmp_path, other.split, 4)
