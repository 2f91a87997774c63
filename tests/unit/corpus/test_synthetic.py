import errno
import resource
from collections import Counter

import librosa
import numpy as np
import pytest
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from speechsent import audio
from speechsent.corpus import read_corpus, synthetic
from speechsent.corpus.delivery import EMOTIONS, utter
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.errors import CorpusError, ParameterError, SaveError

SMALL = SyntheticCorpus(n_speakers=3, n_test_speakers=1, n_sentences=1, n_takes=1)
TINY = SyntheticCorpus(n_speakers=2, n_test_speakers=1, n_sentences=1, n_takes=1)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Three speakers, one of them in test/: 18 clips."""
    return synthesize(tmp_path_factory.mktemp("synthetic") / "small", SMALL)


def sounds(root):
    return {path.name: path.read_bytes() for path in root.rglob("*.wav")}


def test_every_speaker_says_everything_in_every_emotion(small):
    corpus = read_corpus(small)
    assert corpus.name == "builtin"
    assert len(corpus) == SMALL.n_clips == 18
    assert Counter((u.speaker, u.emotion) for u in corpus) == {
        (f"builtin/{speaker}", emotion): 1
        for speaker in ("f01", "m02", "f03")
        for emotion in EMOTIONS
    }


def test_train_and_test_share_emotions_and_no_speaker(small):
    speakers, emotions = {}, {}
    for part in ("train", "test"):
        clips = [u for u in read_corpus(small) if u.part == part]
        speakers[part] = {u.speaker for u in clips}
        emotions[part] = {u.emotion for u in clips}
    assert speakers == {"train": {"builtin/f01", "builtin/m02"}, "test": {"builtin/f03"}}
    assert emotions["train"] == emotions["test"] == set(EMOTIONS)


def test_a_file_tells_speaker_emotion_sentence_and_take(small):
    path = small / "test" / "anger" / "syn-f03-anger-s1-1.wav"
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    samples, _ = soundfile.read(path)
    np.testing.assert_allclose(samples, utter(3, "anger", 1, 1), atol=1 / 32767)


def test_every_clip_is_accepted_without_a_warning(small):
    """Warnings are errors here, and clipped sound is warned about."""
    for path in small.rglob("*.wav"):
        assert 1.2 <= len(audio.load(path)) / 16_000 <= 2.5


def test_the_readme_says_what_it_is(small):
    text = (small / "README.txt").read_text()
    assert "Synthetic" in text
    assert "seed 0" in text
    assert "never a result" in text


def test_the_same_seed_writes_the_same_bytes(small, tmp_path):
    assert sounds(synthesize(tmp_path / "again", SMALL)) == sounds(small)


def test_another_seed_writes_other_sounds(tmp_path):
    one = sounds(synthesize(tmp_path / "one", TINY))
    config = SyntheticCorpus(n_speakers=2, n_test_speakers=1, n_sentences=1, n_takes=1, seed=1)
    other = sounds(synthesize(tmp_path / "other", config))
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_a_larger_corpus_contains_the_smaller_one(small, tmp_path):
    tiny = sounds(synthesize(tmp_path / "tiny", TINY))
    assert tiny.items() <= sounds(small).items()


def test_progress_counts_every_clip(tmp_path):
    calls = []
    synthesize(tmp_path / "out", TINY, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 12) for done in range(1, 13)]


def test_an_empty_folder_may_exist(tmp_path):
    assert synthesize(tmp_path, TINY) == tmp_path
    assert len(sounds(tmp_path)) == 12


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CorpusError, match=r"must be new or empty. Name another one or remove it"):
        synthesize(tmp_path, TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_is_left_alone(tmp_path):
    path = tmp_path / "mine"
    path.write_text("mine")
    with pytest.raises(CorpusError, match="must be new or empty"):
        synthesize(path, TINY)
    assert path.read_text() == "mine"


def test_a_place_that_cannot_be_written_to_is_told(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(synthetic, "TemporaryDirectory", refuse)
    with pytest.raises(SaveError, match=r"voices: cannot be written \(Permission denied\)"):
        synthesize(tmp_path / "voices", SMALL)


def test_a_disk_without_room_is_told_in_a_line_and_leaves_nothing(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        with pytest.raises(SaveError, match="a file may have 20000 here; raise the limit"):
            synthesize(tmp_path / "voices", SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_what_is_interrupted_leaves_nothing(tmp_path):
    def interrupt(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "out", TINY, progress=interrupt)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"n_test_speakers": 0}, "n_test_speakers=0, n_speakers=12"),
        ({"n_speakers": 4}, "n_test_speakers=4, n_speakers=4"),
        ({"n_sentences": 0}, r"\[1, 8\]. Received: n_sentences=0"),
        ({"n_sentences": 9}, "n_sentences=9"),
        ({"n_takes": 0}, "n_takes=0"),
        ({"sample_rate": 8_000}, "sample_rate=8000"),
        ({"sample_rate": 22_050}, "multiple of 100 Hz"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_an_impossible_corpus_is_refused(size, message):
    with pytest.raises(ParameterError, match=message):
        SyntheticCorpus(**size)


@pytest.mark.slow
def test_emotions_can_be_told_from_new_voices_and_not_always():
    """Well above chance, or training shows nothing; below 0.95, or it shows nothing either."""
    features = {"train": [], "test": []}
    emotions = {"train": [], "test": []}
    for speaker in range(1, 13):
        part = "test" if speaker > 8 else "train"
        for emotion in EMOTIONS:
            for sentence in (1, 2, 3):
                cepstrum = librosa.feature.mfcc(y=utter(speaker, emotion, sentence, 1), sr=16_000)
                features[part].append([*cepstrum.mean(axis=1), *cepstrum.std(axis=1)])
                emotions[part].append(emotion)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(features["train"], emotions["train"])
    uar = balanced_accuracy_score(emotions["test"], model.predict(features["test"]))
    assert 2.5 / 6 < uar < 0.95
