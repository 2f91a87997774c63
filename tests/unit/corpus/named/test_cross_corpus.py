from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.corpus.named import load_protocol
from speechsent.corpus.named.validation import DrawnOfEachCorpus
from speechsent.corpus.pool import pool
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError, ParameterError

CROSS = load_protocol("cross-corpus")


def corpus(name, emotions, n_speakers=4):
    """One clip of each emotion by each speaker."""
    clips = [(f"{name}/{s}", emotion) for s in range(n_speakers) for emotion in emotions]
    utterances = tuple(
        Utterance(path=Path(f"/data/{name}/{n:03d}.wav"), emotion=emotion, speaker=speaker)
        for n, (speaker, emotion) in enumerate(clips)
    )
    return Corpus(name=name, root=Path(f"/data/{name}"), utterances=utterances)


@pytest.fixture
def pooled():
    return pool(
        [
            corpus("c", ("anger", "fear")),
            corpus("a", ("anger", "fear", "boredom"), n_speakers=20),
            corpus("b", ("anger", "calm", "fear")),
        ]
    )


def corpora_of(split, part, clips):
    return {clips[i].corpus for i in split.parts[part]}


def test_each_fold_tests_on_one_whole_corpus_and_trains_on_the_others(pooled):
    clips = CROSS.restrict(pooled)
    assert CROSS.folds(clips) == ("a", "b", "c")
    for fold, name in enumerate("abc"):
        split = CROSS.split(clips, fold)
        assert split.fold == name
        assert corpora_of(split, "test", clips) == {name}
        others = set("abc") - {name}
        assert corpora_of(split, "train", clips) == others
        assert corpora_of(split, "validation", clips) == others
        assert len(split.parts["test"]) == sum(u.corpus == name for u in clips)
        assert split.speaker_disjoint


def test_validation_takes_a_share_of_the_speakers_of_each_training_corpus(pooled):
    clips = CROSS.restrict(pooled)
    split = CROSS.split(clips, 2)
    kept = {clips[i].speaker for i in split.parts["validation"]}
    assert sum(s.startswith("a/") for s in kept) == 3  # 15 % of 20
    assert sum(s.startswith("b/") for s in kept) == 1  # 15 % of 4, but one at least


def test_classes_are_those_all_corpora_have_and_the_note_tells_the_dropped(pooled):
    clips = CROSS.restrict(pooled)
    split = CROSS.split(clips, 0)
    assert set(clips.emotions) == {"anger", "fear"}
    assert split.note == "dropped, because not every corpus has it: boredom (a 20), calm (b 4)"
    assert split.protocol == "a+b+c-2-cross-corpus"


def test_the_seed_draws_validation_and_never_the_test_part(pooled):
    clips = CROSS.restrict(pooled)
    splits = [CROSS.split(clips, 1, seed) for seed in range(6)]
    assert len({split.parts["test"] for split in splits}) == 1
    assert len({split.parts["validation"] for split in splits}) > 1


def test_a_single_corpus_is_refused():
    with pytest.raises(CorpusError, match="name two or more"):
        CROSS.restrict(corpus("a", ("anger", "fear")))


def test_corpora_with_one_class_in_common_are_refused():
    pooled = pool([corpus("a", ("anger", "fear")), corpus("b", ("anger", "calm"))])
    with pytest.raises(CorpusError, match="two emotions in common; a has anger, fear; b has"):
        CROSS.restrict(pooled)


def test_a_pool_with_other_classes_must_be_restricted_first(pooled):
    with pytest.raises(CorpusError, match="restrict the corpus first"):
        CROSS.split(pooled, 0)


def test_there_are_as_many_folds_as_corpora(pooled):
    with pytest.raises(ParameterError, match="has 3 folds, counted from 0"):
        CROSS.split(CROSS.restrict(pooled), 3)


def test_actors_of_both_corpora_make_the_score_speaker_dependent():
    speech = corpus("ravdess", ("anger", "fear"))
    song = replace(
        speech,
        root=Path("/data/song"),
        utterances=tuple(replace(u, path=Path("/data/song") / u.path.name) for u in speech),
    )
    split = CROSS.split(pool([speech, song]), 0)
    assert split.speaker_disjoint is False
    assert "4 of 4 test speakers are trained on too" in split.note


def test_unknown_training_speakers_are_refused():
    wild = corpus("b", ("anger", "fear"))
    wild = replace(wild, utterances=tuple(replace(u, speaker=None) for u in wild))
    pooled = pool([corpus("a", ("anger", "fear")), wild])
    with pytest.raises(CorpusError, match="speakers are unknown"):
        CROSS.split(pooled, 0)


def test_a_corpus_with_one_speaker_is_trained_on_whole():
    clips = [*corpus("a", ("anger", "fear"), 1), *corpus("b", ("anger", "fear"), 3)]
    clips = [replace(u, corpus=u.speaker[0]) for u in clips]
    drawn = {clips[i].speaker for i in DrawnOfEachCorpus().choose(clips, 0, 0)}
    assert len(drawn) == 1
    assert drawn < {"b/0", "b/1", "b/2"}
    with pytest.raises(CorpusError, match="no training corpus has two speakers"):
        DrawnOfEachCorpus().choose(clips[:2], 0, 0)


@pytest.mark.parametrize("share", [0, 1, -0.1])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ParameterError, match=r"share lies in \(0, 1\)"):
        DrawnOfEachCorpus(share=share)
