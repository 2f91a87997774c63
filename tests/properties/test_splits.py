from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechsent.corpus.protocols import SplitConfig, hold_out
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError

EMOTIONS = ("neutral", "anger", "fear")
rows = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(EMOTIONS)), min_size=3)
shares = st.floats(0.01, 0.49)
seeds = st.integers(0, 3)


def corpus_of(pairs):
    root = Path("root")
    clips = [
        Utterance(path=root / f"{n}.wav", emotion=emotion, speaker=speaker, gender=None)
        for n, (speaker, emotion) in enumerate(pairs)
    ]
    return Corpus(name="toy", root=root, utterances=tuple(clips))


def complete(corpus):
    """Add a clip of every emotion for every speaker, so that every split is possible."""
    pairs = [(u.speaker, u.emotion) for u in corpus]
    return corpus_of(pairs + [(s, e) for s in "abc" for e in EMOTIONS])


def check_cover(corpus, split):
    """Every utterance is in one part, and every class is trained on."""
    covered = sorted(i for indices in split.parts.values() for i in indices)
    assert covered == list(range(len(corpus)))
    assert {corpus[i].emotion for i in split.parts["train"]} == set(corpus.emotions)


@settings(deadline=None, max_examples=50)
@given(rows, shares, shares, seeds)
def test_no_speaker_is_in_two_parts(pairs, test, validation, seed):
    corpus = complete(corpus_of(pairs))
    split = hold_out(corpus, SplitConfig(test=test, validation=validation, seed=seed))
    sides = [{corpus[i].speaker for i in indices} for indices in split.parts.values()]
    assert all(sides)
    assert sum(map(len, sides)) == len(corpus.speakers)
    check_cover(corpus, split)


@settings(deadline=None, max_examples=50)
@given(rows, seeds)
def test_an_impossible_split_is_refused_and_never_leaks(pairs, seed):
    corpus = corpus_of(pairs)
    try:
        split = hold_out(corpus, SplitConfig(seed=seed))
    except CorpusError:
        return
    assert split.speaker_disjoint
    check_cover(corpus, split)


@settings(deadline=None, max_examples=50)
@given(rows, shares, shares, seeds)
def test_a_split_by_clips_covers_everything(pairs, test, validation, seed):
    corpus = corpus_of(pairs)
    config = SplitConfig(test=test, validation=validation, seed=seed, allow_speaker_overlap=True)
    if max(corpus.emotions.values()) < 3:  # each part needs a clip of some class
        with pytest.raises(CorpusError, match="no class has clips enough"):
            hold_out(corpus, config)
        return
    split = hold_out(corpus, config)
    check_cover(corpus, split)
    assert all(split.parts.values())
