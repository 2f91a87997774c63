from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.corpus.membership import describe_members
from speechsent.corpus.pool import common_root, distinct, pool, read_corpora
from speechsent.corpus.protocols import SplitConfig, hold_out
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import CorpusError


def corpus(name, root, clips, spellings=None):
    """A corpus of (speaker, emotion) pairs."""
    utterances = tuple(
        Utterance(path=Path(root) / f"{n:02d}.wav", emotion=emotion, speaker=speaker)
        for n, (speaker, emotion) in enumerate(clips)
    )
    return Corpus(name=name, root=Path(root), utterances=utterances, spellings=spellings or {})


@pytest.fixture
def two():
    return [
        corpus("north", "/data/far/north", [("1", "anger"), ("1", "fear"), ("2", "anger")]),
        corpus("emodb", "/data/emodb", [("emodb/03", "anger"), ("emodb/08", "boredom")]),
    ]


def test_the_pool_has_all_clips_under_one_root_and_a_name_of_both(two):
    pooled = pool(two)
    assert pooled.name == "emodb+north"
    assert pooled.root == Path("/data")
    assert [u.path.as_posix() for u in pooled] == [
        "/data/emodb/00.wav",
        "/data/emodb/01.wav",
        "/data/far/north/00.wav",
        "/data/far/north/01.wav",
        "/data/far/north/02.wav",
    ]
    assert [u.corpus for u in pooled] == ["emodb"] * 2 + ["north"] * 3
    assert pooled.emotions == {"anger": 3, "fear": 1, "boredom": 1}


def test_the_order_of_the_corpora_does_not_matter(two):
    assert pool(two) == pool(two[::-1])


def test_speakers_are_prefixed_with_their_corpus_unless_they_are(two):
    assert set(pool(two).speakers) == {"emodb/03", "emodb/08", "north/1", "north/2"}


def test_speaker_1_of_two_lists_of_one_name_are_two_people():
    lists = [corpus("list", f"/data/{place}", [("1", "anger")]) for place in ("a", "b")]
    assert [c.name for c in distinct(lists)] == ["list", "list-2"]
    assert set(pool(lists).speakers) == {"list/1", "list-2/1"}


def test_corpora_of_one_name_are_numbered_by_where_they_lie(tmp_path):
    lists = [corpus("list", tmp_path / place, [("1", "anger")]) for place in ("a", "b", "c")]
    assert [c.name for c in distinct(lists[::-1])] == ["list-3", "list-2", "list"]
    assert pool(lists) == pool(lists[::-1])


def test_lists_in_one_folder_are_numbered_by_their_clips():
    one = corpus("ravdess", "/data", [("ravdess/01", "anger")])
    other = corpus("ravdess", "/data", [(None, "fear"), ("ravdess/02", "fear")])
    other = replace(other, utterances=other.utterances[1:])
    assert [c.name for c in distinct([other, one])] == ["ravdess-2", "ravdess"]


def test_an_actor_of_two_parts_of_a_published_corpus_is_one_person():
    parts = [corpus("ravdess", f"/data/{kind}", [("ravdess/12", "anger")]) for kind in "ab"]
    pooled = pool(parts)
    assert pooled.name == "ravdess+ravdess-2"
    assert pooled.speakers == {"ravdess/12": 2}


def test_unknown_speakers_stay_unknown(two):
    assert pool([two[0], corpus("wild", "/data/wild", [(None, "anger")])])[-1].speaker is None


def test_a_clip_in_two_corpora_is_refused(two):
    with pytest.raises(CorpusError, match=r"/data/emodb/00\.wav.*Name each corpus once"):
        pool([two[1], two[1]])


def test_no_corpus_is_refused():
    with pytest.raises(CorpusError, match="at least one corpus"):
        pool([])


def test_a_code_with_two_meanings_is_told_with_its_corpus():
    german = corpus("german", "/g", [("1", "fear")], {"A": "fear", "N": "neutral"})
    english = corpus("english", "/e", [("1", "anger")], {"A": "anger", "N": "neutral"})
    assert pool([german, english]).spellings == {
        "A (german)": "fear",
        "A (english)": "anger",
        "N": "neutral",
    }


def test_each_corpus_is_told_with_its_clips_speakers_and_classes(two):
    assert describe_members(pool(two)) == [
        "emodb: 2 clips of 2 known speakers: anger 1, boredom 1",
        "north: 3 clips of 2 known speakers: anger 2, fear 1",
    ]
    assert describe_members(two[0]) == []


def test_a_class_of_one_corpus_only_is_in_the_note_of_the_split():
    kept = [(str(s), e) for s in range(4) for e in ("anger", "fear")]
    pooled = pool(
        [
            corpus("a", "/data/a", kept),
            corpus("b", "/data/b", [*kept, *((str(s), "boredom") for s in range(4))]),
        ]
    )
    split = hold_out(pooled, SplitConfig())
    assert split.protocol == "a+b-3-holdout"
    assert split.note == "not in every corpus: boredom (b 4)"
    assert split.speaker_disjoint


def test_a_single_root_stays_as_it_is():
    assert common_root([Path("here")]) == Path("here")


def test_corpora_are_read_from_different_places_and_narrowed_together(tmp_path):
    for place, emotions in (("a", ("anger", "fear", "calm")), ("deep/b", ("ANG", "joy", "fear"))):
        for emotion in emotions:
            (tmp_path / place / emotion).mkdir(parents=True)
            (tmp_path / place / emotion / "x.wav").touch()
    places = [tmp_path / "a", tmp_path / "deep" / "b"]
    assert set(read_corpora(places).emotions) == {"anger", "fear", "calm", "happiness"}
    narrowed = read_corpora(places, classes=["angry", "calm"])
    assert narrowed.emotions == {"anger": 2, "calm": 1}
    with pytest.raises(CorpusError, match="no utterance of disgust"):
        read_corpora(places, classes=["disgust", "anger"])


def test_one_place_is_read_as_the_corpus_it_is(tmp_path):
    (tmp_path / "anger").mkdir()
    (tmp_path / "anger" / "x.wav").touch()
    assert read_corpora([tmp_path])[0].corpus is None
