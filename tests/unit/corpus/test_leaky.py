from collections import Counter
from pathlib import Path

import pytest

from speechsent.config import from_dict
from speechsent.corpus.leaky import LEAKS, Leak, leaky
from speechsent.corpus.protocols import hold_out
from speechsent.corpus.utterance import Corpus, Utterance
from speechsent.errors import ConfigError, ParameterError

CORPUS = Corpus(
    name="toy",
    root=Path("root"),
    utterances=tuple(
        Utterance(path=Path(f"root/{s}-{e}-{n}.wav"), emotion=e, speaker=f"toy/{s}")
        for s in range(8)
        for e in ("anger", "fear", "calm")
        for n in range(2)
    ),
)
HONEST = hold_out(CORPUS)
RANDOM, CHOSEN, BOTH = LEAKS


def by_class(corpus, split, part):
    return Counter(corpus[i].emotion for i in split.parts[part])


@pytest.mark.parametrize("leak", [RANDOM, BOTH])
def test_a_random_split_has_the_same_sizes_and_speakers_on_both_sides(leak):
    corpus, split = leaky(CORPUS, HONEST, leak, seed=0)
    for part in ("train", "test"):
        assert by_class(corpus, split, part) == by_class(CORPUS, HONEST, part)
    sides = [{corpus[i].speaker for i in split.parts[part]} for part in ("train", "test")]
    assert sides[0] & sides[1]
    assert split.speaker_disjoint is False


@pytest.mark.parametrize("leak", [CHOSEN, BOTH])
def test_where_the_epoch_is_chosen_on_the_test_clips_the_validation_clips_are_gone(leak):
    corpus, split = leaky(CORPUS, HONEST, leak, seed=0)
    assert split.parts["validation"] == split.parts["test"]
    assert len(corpus) == len(CORPUS) - len(HONEST.parts["validation"])


def test_choosing_on_test_leaves_training_and_test_clips_as_they_are():
    corpus, split = leaky(CORPUS, HONEST, CHOSEN, seed=0)
    for part in ("train", "test"):
        assert [corpus[i] for i in split.parts[part]] == [CORPUS[i] for i in HONEST.parts[part]]
    assert split.speaker_disjoint is True


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leaky_split_is_marked_and_is_no_longer_a_named_one(leak):
    _, split = leaky(CORPUS, HONEST, leak, seed=0)
    assert split.protocol == f"toy-3-holdout-{leak.name}"
    assert split.note.startswith("LEAKY: ")
    assert split.leaky == leak.warning
    assert split.hash != HONEST.hash
    assert (split.protocol_hash, split.fold, split.n_folds) == ("", "", 1)
    assert not HONEST.leaky


def test_the_names_tell_the_leaks_apart():
    assert [leak.name for leak in LEAKS] == [
        "random-clips",
        "chosen-on-test",
        "random-clips-chosen-on-test",
    ]


def test_equal_seeds_deal_equally():
    dealt = [leaky(CORPUS, HONEST, RANDOM, seed)[1].parts["test"] for seed in (0, 0, 1)]
    assert dealt[0] == dealt[1] != dealt[2]


def test_a_leak_that_is_none_is_refused():
    with pytest.raises(ParameterError, match="Received: none"):
        Leak()


@pytest.mark.parametrize("key", ["leak", "leaky", "chosen_on_test", "random_clips"])
def test_no_configuration_can_ask_for_a_leak(key):
    with pytest.raises(ConfigError):
        from_dict({"split": {key: True}})
