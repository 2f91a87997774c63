from dataclasses import replace

import pytest

from speechsent.corpus.named.held_out import (
    EachSpeaker,
    ListedSpeakers,
    RandomClips,
    SentenceGroups,
)
from speechsent.errors import CorpusError, ParameterError


def clips_of(corpus, indices):
    return {(corpus[i].speaker, corpus[i].sentence) for i in indices}


@pytest.mark.parametrize("name", ["toy/b", "b"])
def test_listed_speakers_may_be_named_with_or_without_the_corpus(four, name):
    rule = ListedSpeakers(speakers=(("a",), (name, "d")))
    assert rule.folds(four.utterances) == ("fold 1", "fold 2")
    chosen = rule.choose(four.utterances, 1)
    assert {four[i].speaker for i in chosen} == {"toy/b", "toy/d"}
    assert len(chosen) == 12


def test_a_listed_speaker_who_is_not_there_is_refused(four):
    with pytest.raises(CorpusError, match="no single speaker is called 'e'"):
        ListedSpeakers(speakers=(("e",),)).choose(four.utterances, 0)


@pytest.mark.parametrize("speakers", [((),), (("a", "a"),)])
def test_a_fold_lists_speakers_once(speakers):
    with pytest.raises(ParameterError, match="a fold lists speakers, each once"):
        ListedSpeakers(speakers=speakers)


def test_each_speaker_is_a_fold(four):
    rule = EachSpeaker()
    assert rule.folds(four.utterances) == ("toy/a", "toy/b", "toy/c", "toy/d")
    assert {four[i].speaker for i in rule.choose(four.utterances, 2)} == {"toy/c"}


def test_unknown_speakers_are_refused_by_file(four):
    clips = [replace(u, speaker=None) for u in four.utterances[:6]]
    with pytest.raises(CorpusError, match=r"0000\.wav, .* and 1 more \(6 in all\).* CSV"):
        EachSpeaker().folds(clips)


def test_random_clips_do_not_depend_on_folders(four):
    """The draw goes by file name, so the same files elsewhere are the same split."""
    moved = [replace(u, path=u.path.parent / str(u.speaker) / u.path.name) for u in four]
    rule = RandomClips(share=0.25, random_state=3)
    expected = {four[i].path.name for i in rule.choose(four.utterances, 0)}
    backwards = moved[::-1]
    assert {backwards[i].path.name for i in rule.choose(backwards, 0)} == expected
    assert len(expected) == 6
    assert rule.folds(moved) == ("fold 1",)


@pytest.mark.parametrize("fields", [{"share": 0.0}, {"share": 1.0}, {"random_state": -1}])
def test_a_random_share_out_of_range_is_refused(fields):
    with pytest.raises(ParameterError, match=r"share lies in \(0, 1\)"):
        RandomClips(**fields)


def test_sentences_are_dealt_out_alphabetically(four):
    """Three sentences into two groups: x and z, then y."""
    rule = SentenceGroups(groups=2)
    assert rule.folds(four.utterances) == ("fold 1", "fold 2")
    assert {s for _, s in clips_of(four, rule.choose(four.utterances, 0))} == {"x", "z"}
    assert {s for _, s in clips_of(four, rule.choose(four.utterances, 1))} == {"y"}


def test_fewer_sentences_than_groups_make_a_fold_each(four):
    assert len(SentenceGroups().folds(four.utterances)) == 3


def test_unknown_sentences_are_refused_by_file(four):
    clips = [replace(four[0], sentence=None), *four.utterances[1:]]
    with pytest.raises(CorpusError, match=r"sentences are unknown: 0000\.wav"):
        SentenceGroups().choose(clips, 0)


def test_one_sentence_cannot_be_held_out(four):
    with pytest.raises(CorpusError, match=r"where there are two or more\. Received: x"):
        SentenceGroups().folds([u for u in four if u.sentence == "x"])


def test_one_group_is_refused():
    with pytest.raises(ParameterError, match="groups=1"):
        SentenceGroups(groups=1)


def test_a_rule_says_what_it_does():
    assert str(ListedSpeakers(speakers=(("1", "2"), ("3",)))) == (
        "the speakers listed for each fold (0: 1, 2; 1: 3)"
    )
    assert str(RandomClips()).startswith("20% of the clips at random (random_state 0)")
