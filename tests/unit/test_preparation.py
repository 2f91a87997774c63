from dataclasses import replace

import numpy as np
import pytest

from speechsent.config import ViewConfig, from_dict
from speechsent.corpus import read_corpus
from speechsent.corpus.protocols import SplitConfig
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.corpus.utterance import Refusal
from speechsent.errors import AudioError, CorpusError
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.listener import Listener

VOICES = SyntheticCorpus(n_speakers=6, n_test_speakers=2, n_sentences=1, n_takes=1)
SMALL = {"log_mel": {"n_mels": 32}, "mfcc": {"n_mfcc": 5}}
CONFIG = from_dict(SMALL)
SKIPPING = from_dict({**SMALL, "corpus": {"skip_bad_audio": True}})
NO_CACHE = Resources(cache=False)


class Notes(Listener):
    """Keeps what it was told."""

    def __init__(self):
        self.notes, self.steps, self.stages = [], [], []

    def note(self, text):
        self.notes.append(text)

    def begin(self, stage, total, unit):
        self.stages.append((stage, total, unit))

    def step(self, done):
        self.steps.append(done)

    def end(self):
        self.stages.append("end")


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Six voices, two of them in test/: 36 clips."""
    return read_corpus(synthesize(tmp_path_factory.mktemp("voices") / "v", VOICES))


@pytest.fixture(scope="module")
def told():
    return Notes()


@pytest.fixture(scope="module")
def prepared(voices, told):
    return prepare(CONFIG, voices, told, NO_CACHE)


def without(corpus, lost):
    """The corpus, with the files of some clips gone since it was read."""
    gone = corpus.root / "gone.wav"
    clips = (replace(u, path=gone) if lost(u) else u for u in corpus)
    return replace(corpus, utterances=tuple(clips))


def files(clips):
    """File of each clip, without the second at which it starts."""
    return [name.partition("@")[0] for name in clips.ids]


def one_clip(utterance):
    return utterance.path.name == "syn-f01-anger-s1-1.wav"


def test_no_speaker_is_in_two_parts(prepared):
    speakers = [
        {prepared.table.utterances[i].speaker for i in prepared.parts[part]}
        for part in ("train", "validation", "test")
    ]
    assert all(speakers)
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 6
    assert speakers[2] == {"builtin/f05", "builtin/m06"}


def test_every_clip_is_in_one_part(prepared):
    indices = sorted(i for part in prepared.parts.values() for i in part)
    assert indices == list(range(36))


def test_statistics_come_from_the_training_part_alone(prepared):
    clips = prepared.table.views["mfcc"]
    frames = np.concatenate([clips[i] for i in prepared.parts["train"]])
    found = prepared.standardizer.corpus["mfcc"]
    np.testing.assert_allclose(found.mean, frames.mean(axis=0), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.scale, frames.std(axis=0), rtol=1e-3)
    everyone = np.concatenate(list(clips)).mean(axis=0)
    assert not np.allclose(found.mean, everyone, rtol=1e-3, atol=1e-3)


def test_classes_are_the_emotions_of_the_clips(prepared):
    names = [prepared.labels.names[c] for c in prepared.clips.classes]
    assert names == [u.emotion for u in prepared.table.utterances]
    assert prepared.clips.n_classes == 6


def test_a_part_holds_its_own_clips(prepared):
    found = files(prepared.part("test"))
    assert len(found) == 12
    assert all(file.startswith("test/") for file in found)
    assert "test/anger/syn-f05-anger-s1-1.wav" in found


def test_the_record_tells_part_and_hash_of_each_clip(prepared, voices):
    """The hash is of the file as it lies there: equal clips, equal hashes."""
    record = prepared.record()
    assert record.utterances == voices.utterances
    assert [part for part in record.parts if part == "test"] == ["test"] * 12
    assert len(set(record.hashes)) == 36
    again = replace(prepared).record()
    assert again.hashes == record.hashes


def test_the_listener_hears_corpus_progress_and_protocol(prepared, told):
    assert told.notes[0].startswith("builtin: 36 clips, 6 known speakers, 6 emotions: ")
    assert "anger 6" in told.notes[0]
    protocol = f"protocol {prepared.protocol} (split {prepared.split.hash}): "
    assert any(note == f"{protocol}train 18, validation 6, test 12" for note in told.notes), (
        told.notes
    )
    assert told.stages == [("features", 36, "clips"), "end"]
    assert told.steps[-1] == 36


def test_mel_bands_without_a_frequency_are_warned_of(voices, told):
    """Of 32 bands from 7,000 to 7,100 Hz each is 3 Hz wide; frequencies are 15.6 Hz apart."""
    config = replace(CONFIG, log_mel=replace(CONFIG.log_mel, fmin=7_000.0, fmax=7_100.0))
    notes = Notes()
    prepare(config, voices, notes, NO_CACHE)
    (warning,) = (note for note in notes.notes if note.startswith("warning"))
    assert "of 32 mel bands are so narrow that no frequency lies in them" in warning
    assert not any(note.startswith("warning") for note in told.notes)


def test_speaker_standardisation_is_part_of_the_protocols_name(prepared, voices):
    config = replace(CONFIG, view=ViewConfig(standardize="speaker"))
    by_speaker = prepare(config, voices, Listener(), NO_CACHE)
    assert by_speaker.protocol == f"{prepared.protocol}+spk"
    assert not prepared.protocol.endswith("+spk")


def test_clips_of_nobody_known_are_told_where_each_speaker_is_standardised(voices):
    nameless = [replace(u, speaker=None) if u.emotion == "anger" else u for u in voices]
    corpus = replace(voices, utterances=tuple(nameless))
    config = replace(
        CONFIG,
        view=ViewConfig(standardize="speaker"),
        split=SplitConfig(allow_speaker_overlap=True),
    )
    notes = Notes()
    prepare(config, corpus, notes, NO_CACHE)
    assert any("the speaker of 6 of 36 clips is unknown" in note for note in notes.notes)


def test_renamed_labels_are_told(voices):
    corpus = replace(voices, spellings={"Anger": "anger", "joy": "happiness"})
    notes = Notes()
    prepare(CONFIG, corpus, notes, NO_CACHE)
    assert "labels: joy = happiness" in notes.notes


def test_a_clip_that_cannot_be_read_stops_the_work(voices):
    with pytest.raises(AudioError, match=r"gone\.wav"):
        prepare(CONFIG, without(voices, one_clip), Listener(), NO_CACHE)


def test_a_clip_that_cannot_be_read_is_left_out_when_asked(voices, prepared):
    notes = Notes()
    found = prepare(SKIPPING, without(voices, one_clip), notes, NO_CACHE)
    assert len(found.table) == len(found.clips) == 35
    assert any("left out 1 clips: " in note and "gone.wav" in note for note in notes.notes)
    kept = [file for part in found.parts for file in files(found.part(part))]
    assert set(kept) == set(files(prepared.clips)) - {"train/anger/syn-f01-anger-s1-1.wav"}
    assert files(found.part("test")) == files(prepared.part("test"))


def test_what_was_left_out_when_the_corpus_was_read_is_told(voices):
    lost = Refusal(voices.root / "a.m4a", "convert to wav or flac first")
    notes = Notes()
    found = prepare(CONFIG, replace(voices, refused=(lost,)), notes, NO_CACHE)
    assert f"left out 1 clips: {lost.path} (convert to wav or flac first)" in notes.notes
    assert found.refused == (lost,)


def test_one_emotion_is_not_enough(voices):
    corpus = voices.where(lambda u: u.emotion == "anger")
    with pytest.raises(CorpusError, match=r"two or more emotions\. Received: anger"):
        prepare(CONFIG, corpus, Listener(), NO_CACHE)


def test_a_part_of_which_nothing_can_be_read_is_told(voices):
    corpus = without(voices, lambda u: u.part == "test")
    with pytest.raises(CorpusError, match="no clip is left in the test part"):
        prepare(SKIPPING, corpus, Listener(), NO_CACHE)


def test_an_emotion_of_which_nothing_can_be_trained_on_is_told(voices):
    corpus = without(voices, lambda u: u.part == "train" and u.emotion == "fear")
    with pytest.raises(CorpusError, match="no training clip is left for fear"):
        prepare(SKIPPING, corpus, Listener(), NO_CACHE)


def test_targets_are_standardised_by_the_training_part_alone(voices):
    rng = np.random.default_rng(7)
    clips = [replace(u, values=tuple(rng.normal(50, 9, 2))) for u in voices]
    numbered = replace(voices, utterances=tuple(clips), targets=("arousal", "valence"))
    config = from_dict({**SMALL, "corpus": {"targets": ["arousal", "valence"]}})
    found = prepare(config, numbered, Listener(), NO_CACHE)
    values = np.array([u.values for u in found.table.utterances])
    train = values[found.parts["train"]]
    np.testing.assert_allclose(found.scale.mean, train.mean(axis=0))
    np.testing.assert_allclose(
        found.clips.targets, (values - train.mean(axis=0)) / train.std(axis=0)
    )
    assert found.names == ("arousal", "valence")
    assert found.split.protocol == "builtin-arousal+valence-given"
    assert found.labels is None


def test_a_corpus_without_the_targets_is_refused(voices):
    config = from_dict({**SMALL, "corpus": {"targets": ["arousal"]}})
    with pytest.raises(CorpusError, match="targets are numeric columns of a CSV"):
        prepare(config, voices, Listener(), NO_CACHE)
