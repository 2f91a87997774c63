from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechsent.corpus.named import Protocol, load_protocol
from speechsent.corpus.named.held_out import (
    EachSpeaker,
    ListedSpeakers,
    RandomClips,
    SentenceGroups,
)
from speechsent.corpus.named.validation import DrawnClips, DrawnSpeakers
from speechsent.corpus.utterance import Corpus, Utterance

TESTS = (
    ListedSpeakers(speakers=(("a", "b"), ("c",))),
    EachSpeaker(),
    RandomClips(share=0.3),
    SentenceGroups(groups=3),
)
VALIDATIONS = (DrawnSpeakers(n=1), DrawnClips(share=0.2))
EMOTIONS = ("anger", "fear")
PROTOCOLS = [
    Protocol(name="toy", test=test, validation=validation)
    for test in TESTS
    for validation in VALIDATIONS
]
rows = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(EMOTIONS), st.sampled_from("xyz")),
    max_size=30,
)


def corpus_of(triples):
    """Some clips, and one of each kind by four speakers, so that every split is possible."""
    triples = triples + [(s, e, t) for s in "abcd" for e in EMOTIONS for t in "xyz"]
    clips = [
        Utterance(path=Path("root") / f"{n}.wav", emotion=emotion, speaker=who, sentence=text)
        for n, (who, emotion, text) in enumerate(triples)
    ]
    return Corpus(name="toy", root=Path("root"), utterances=tuple(clips))


@settings(deadline=None, max_examples=30)
@given(rows, st.sampled_from(PROTOCOLS), st.integers(0, 3))
def test_the_parts_are_a_partition_and_the_test_parts_lie_apart(triples, protocol, seed):
    corpus = corpus_of(triples)
    tested = []
    for fold in range(len(protocol.folds(corpus))):
        split = protocol.split(corpus, fold, seed)
        assert sorted(i for part in split.parts.values() for i in part) == [*range(len(corpus))]
        assert all(split.parts.values())
        tested += split.parts["test"]
        if protocol.speaker_disjoint:
            assert split.speaker_disjoint
    assert len(tested) == len(set(tested))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 1000))
@pytest.mark.parametrize("fold", [0, 4])
def test_luna_validation_never_touches_the_test_fold(fold, seed):
    protocol = load_protocol("ravdess-8-luna5")
    clips = [
        Utterance(path=Path(f"root/{n:02d}-{e}.wav"), emotion=e, speaker=f"ravdess/{n:02d}")
        for n in range(1, 25)
        for e in protocol.classes
    ]
    corpus = Corpus(name="ravdess", root=Path("root"), utterances=tuple(clips))
    split = protocol.split(corpus, fold, seed)
    sides = [{corpus[i].speaker for i in indices} for indices in split.parts.values()]
    assert [len(side) for side in sides] == ([15, 4, 5] if fold == 0 else [16, 4, 4])
    assert len(set.union(*sides)) == 24
