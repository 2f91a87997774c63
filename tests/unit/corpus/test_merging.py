from pathlib import Path

import pytest

from speechsent.corpus.labels import CANONICAL
from speechsent.corpus.merging import (
    MAPS,
    groups_of,
    merge_map,
    regroup,
    regroup_split,
    told,
)
from speechsent.corpus.protocols import hold_out
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import ConfigError, CorpusError, ParameterError

ROOT = Path("root")


def spoken(*emotions, speakers="abcde"):
    """Every speaker speaks every emotion once."""
    clips = [
        Utterance(path=ROOT / f"{speaker}-{emotion}.wav", emotion=emotion, speaker=speaker)
        for speaker in speakers
        for emotion in emotions
    ]
    return Corpus(name="toy", root=ROOT, utterances=tuple(clips))


@pytest.mark.parametrize(
    ("emotion", "arousal", "valence"),
    [
        ("anger", "high_arousal", "negative"),
        ("happiness", "high_arousal", "positive"),
        ("sadness", "low_arousal", "negative"),
        ("calm", "low_arousal", "positive"),
    ],
)
def test_a_corner_of_the_circumplex_is_where_russell_has_it(emotion, arousal, valence):
    assert merge_map("arousal")[emotion] == arousal
    assert merge_map("valence")[emotion] == valence
    assert merge_map("quadrants")[emotion] == f"{arousal.partition('_')[0]}_{valence}"


def test_what_the_circumplex_does_not_place_has_no_group():
    for groups in MAPS.values():
        assert set(CANONICAL) - set(groups) == {"neutral", "disgust", "contempt"}


def test_a_map_can_come_from_a_file(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("happy: good\nANG: bad\n")
    assert groups_of(merge_map(str(file))) == {"happiness": "good", "anger": "bad"}


def test_neither_a_map_nor_a_file_is_refused():
    with pytest.raises(ParameterError, match=r"arousal, valence, quadrants, or a file.*'mood'"):
        merge_map("mood")


@pytest.mark.parametrize("text", ["- anger\n", "anger: 3\n", "a: [\n", ""])
def test_a_file_that_is_no_map_is_refused(tmp_path, text):
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"own\.yaml"):
        merge_map(str(file))


def test_an_emotion_in_two_groups_is_refused():
    with pytest.raises(CorpusError, match="anger into two groups"):
        groups_of({"angry": "a", "ANG": "b"})


def test_an_unknown_emotion_is_refused_with_a_guess():
    with pytest.raises(CorpusError, match="did you mean 'happiness'"):
        groups_of({"hapiness": "a"})


def test_names_of_ones_own_can_be_merged():
    assert groups_of({"shout": "loud", "fear": "soft"}, {"shout": "shouting"}) == {
        "shouting": "loud",
        "fear": "soft",
    }


def test_clips_without_a_group_are_left_out():
    merged = regroup(spoken("anger", "sadness", "neutral"), merge_map("arousal"))
    assert merged.emotions == {"high_arousal": 5, "low_arousal": 5}


def test_an_emotion_that_is_to_stay_must_have_clips():
    with pytest.raises(CorpusError, match=r"no utterance of fear; .* anger, sadness"):
        regroup(spoken("anger", "sadness"), {"anger": "anger", "fear": "fear"})


def test_a_map_that_leaves_one_group_is_refused():
    corpus = spoken("anger", "fear")
    with pytest.raises(CorpusError, match=r"two or more emotions\. Received: high_arousal"):
        regroup_split(corpus, hold_out(corpus), merge_map("arousal"))


def test_another_label_set_is_another_protocol():
    corpus = spoken("anger", "sadness", "happiness")
    split = hold_out(corpus)
    by_map = {name: regroup_split(corpus, split, merge_map(name))[1] for name in MAPS}
    assert by_map["arousal"].protocol == "toy-3-holdout+high_arousal/low_arousal"
    assert by_map["valence"].protocol == "toy-3-holdout+negative/positive"
    assert len({split.hash, *(s.hash for s in by_map.values())}) == 4


def test_what_becomes_of_the_emotions_is_told_in_a_line():
    line = told(spoken("anger", "fear", "sadness", "neutral"), merge_map("arousal"))
    assert line == (
        "classes: high_arousal = anger + fear, low_arousal = sadness; left out 5 clips of neutral"
    )
    kept = told(spoken("anger", "neutral"), {"anger": "anger", "neutral": "neutral"})
    assert kept == "classes: anger, neutral"


def test_what_is_only_scored_may_lack_a_class_but_not_all():
    groups = {"anger": "anger", "fear": "fear"}
    assert regroup(spoken("anger", "sadness"), groups, complete=False).emotions.keys() == {"anger"}
    with pytest.raises(CorpusError, match="no utterance of any group"):
        regroup(spoken("sadness"), groups, complete=False)
