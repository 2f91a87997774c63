"""The protocols that come with the package, against what their sources say."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from speechsent.corpus.named import load_protocol, protocol_names
from speechsent.corpus.open import read_corpus
from speechsent.corpus.readers import READERS

LUNA = [
    {2, 5, 14, 15, 16},
    {3, 6, 7, 13, 18},
    {10, 11, 12, 19, 20},
    {8, 17, 21, 23, 24},
    {1, 4, 9, 22},
]


def speakers_in(corpus, split, part):
    return {corpus[i].speaker for i in split.parts[part]}


def numbers_in(corpus, split, part):
    return {int(name.split("/")[1]) for name in speakers_in(corpus, split, part)}


def test_the_names():
    assert protocol_names() == (
        "crema-d-tfds",
        "cross-corpus",
        "emodb-loso",
        "nemo-loso",
        "ravdess-6-random",
        "ravdess-8-luna5",
        "savee-loso",
        "tess-cross",
        "text-independent",
    )


@pytest.mark.parametrize("name", protocol_names())
def test_each_says_what_it_is_and_where_its_trap_lies(name):
    protocol = load_protocol(name)
    assert protocol.name == name
    assert protocol.summary.endswith(".")
    assert protocol.trap.endswith(".")
    assert protocol.speaker_disjoint or "Speaker-dependent" in protocol.trap


FOR_ANY_CORPUS = {"cross-corpus", "text-independent"}


@pytest.mark.parametrize("name", sorted({*protocol_names()} - FOR_ANY_CORPUS))
def test_each_has_the_classes_of_its_corpus(name):
    protocol = load_protocol(name)
    reader = next(reader for reader in READERS if reader.name == protocol.corpus)
    all_classes = set(reader.emotions.values())
    left_out = {"neutral", "calm"} if name == "ravdess-6-random" else set()
    assert set(protocol.classes) == all_classes - left_out


@pytest.mark.parametrize("fold", range(5))
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_luna_folds_are_the_published_ones_and_disjoint(ravdess_names, fold, seed):
    split = load_protocol("ravdess-8-luna5").split(ravdess_names, fold, seed)
    train, validation, test = (
        numbers_in(ravdess_names, split, part) for part in ("train", "validation", "test")
    )
    assert test == LUNA[fold]
    assert len(validation) == 4
    assert train | validation | test == set(range(1, 25))
    assert len(train) + len(validation) + len(test) == 24
    assert (split.protocol, split.fold, split.n_folds) == (
        "ravdess-8-luna5",
        f"fold {fold + 1}",
        5,
    )
    assert split.speaker_disjoint is True
    assert split.note == ""


def test_luna_seed_draws_validation_and_nothing_else(ravdess_names):
    protocol = load_protocol("ravdess-8-luna5")
    splits = [protocol.split(ravdess_names, 0, seed) for seed in range(4)]
    assert len({split.parts["test"] for split in splits}) == 1
    assert len({split.parts["validation"] for split in splits}) > 1
    assert protocol.split(ravdess_names, 0, 3) == splits[3]


def test_luna_on_the_real_files(ravdess):
    corpus = read_corpus(ravdess)
    split = load_protocol("ravdess-8-luna5").split(corpus, 4)
    assert len(split.parts["test"]) == 4 * 60
    assert numbers_in(corpus, split, "test") == LUNA[4]


def test_the_random_split_is_scikit_learns(ravdess_names):
    protocol = load_protocol("ravdess-6-random")
    corpus = protocol.restrict(ravdess_names)
    split = protocol.split(corpus)
    names = sorted(u.path.name for u in corpus)
    _, expected = train_test_split(names, test_size=0.2, random_state=0)
    tested = [corpus[i].path.name for i in split.parts["test"]]
    assert len(corpus) == 1152
    assert len(tested) == 231
    assert sorted(tested) == sorted(expected)


def test_the_random_split_says_that_it_is_speaker_dependent(ravdess_names):
    protocol = load_protocol("ravdess-6-random")
    split = protocol.split(protocol.restrict(ravdess_names))
    assert split.speaker_disjoint is False
    assert split.note == (
        "speaker-dependent: 24 of 24 test speakers are trained on too, which flatters the score"
    )


def test_the_random_split_refuses_another_number_of_clips(ravdess_names):
    fewer = ravdess_names.where(lambda u: u.path.name != "03-01-03-01-01-01-01.wav")
    with pytest.raises(ValueError, match=r"draws from 1152 clips.* Received: 1151"):
        load_protocol("ravdess-6-random").restrict(fewer)


def test_crema_d_actors_are_those_of_tensorflow_datasets():
    """Its rule: actors sorted, shuffled by RandomState(0), cut at 70 % and 80 %."""
    actors = sorted(str(actor) for actor in range(1001, 1092))
    np.random.RandomState(0).shuffle(actors)
    protocol = load_protocol("crema-d-tfds")
    assert set(protocol.validation.speakers[0]) == set(actors[int(0.7 * 91) : int(0.8 * 91)])
    assert set(protocol.test.speakers[0]) == set(actors[int(0.8 * 91) :])
    assert [len(protocol.validation.speakers[0]), len(protocol.test.speakers[0])] == [9, 19]


@pytest.mark.parametrize(
    ("name", "speakers", "n_validation"),
    [
        ("savee-loso", "DC JE JK KL", 1),
        ("emodb-loso", "03 08 09 10 11 12 13 14 15 16", 2),
        ("nemo-loso", "EB0 IC0 KD0 KS0 MK0 MP0 SM0 TP0 WR0", 2),
    ],
)
def test_each_speaker_is_left_out_once(make_corpus, name, speakers, n_validation):
    protocol = load_protocol(name)
    who = [f"{protocol.corpus}/{speaker}" for speaker in speakers.split()]
    corpus = make_corpus(
        [(speaker, e, "x") for speaker in who for e in protocol.classes], protocol.corpus
    )
    assert list(protocol.folds(corpus)) == who
    for fold, speaker in enumerate(who):
        split = protocol.split(corpus, fold)
        assert speakers_in(corpus, split, "test") == {speaker}
        assert len(speakers_in(corpus, split, "validation")) == n_validation
        assert len(speakers_in(corpus, split, "train")) == len(who) - 1 - n_validation


def test_tess_is_crossed_both_ways(tess_names):
    """Twenty clips a class: three of them are 15 %."""
    protocol = load_protocol("tess-cross")
    for fold, (tested, trained) in enumerate([("tess/OAF", "tess/YAF"), ("tess/YAF", "tess/OAF")]):
        split = protocol.split(tess_names, fold)
        assert speakers_in(tess_names, split, "test") == {tested}
        assert speakers_in(tess_names, split, "train") == {trained}
        assert speakers_in(tess_names, split, "validation") == {trained}
        assert [len(split.parts[p]) for p in ("train", "validation", "test")] == [119, 21, 140]
        assert split.speaker_disjoint is True
    assert protocol.folds(tess_names) == ("tess/OAF", "tess/YAF")


def test_text_independent_holds_out_sentences(tess_names):
    protocol = load_protocol("text-independent")
    tested = []
    for fold in range(5):
        split = protocol.split(tess_names, fold)
        test, others = (
            {tess_names[i].sentence for part in parts for i in split.parts[part]}
            for parts in (("test",), ("train", "validation"))
        )
        assert len(test) == 4
        assert not test & others
        tested += test
    assert sorted(tested) == sorted({u.sentence for u in tess_names})


def test_text_independent_tells_corpus_and_overlap_in_its_name(ravdess_names):
    protocol = load_protocol("text-independent")
    split = protocol.split(ravdess_names)
    assert protocol.folds(ravdess_names) == ("fold 1", "fold 2")
    assert split.protocol == "ravdess-8-text-independent-speakers-overlap"
    assert split.speaker_disjoint is False
    assert split.note.startswith("speaker-dependent: 24 of 24")
