import hashlib
import json
from dataclasses import replace

import pytest

from speechsent.corpus.named import Protocol, load_protocol
from speechsent.corpus.named.held_out import EachSpeaker, ListedSpeakers, RandomClips
from speechsent.corpus.named.validation import DrawnClips, DrawnSpeakers
from speechsent.errors import CorpusError, ParameterError

LOSO = Protocol(name="loso", test=EachSpeaker(), validation=DrawnSpeakers())
RANDOM = Protocol(name="random", test=RandomClips(), validation=DrawnClips())


def listed(*folds, validation=None, **fields):
    rule = DrawnSpeakers() if validation is None else ListedSpeakers(speakers=validation)
    return Protocol(name="own", test=ListedSpeakers(speakers=folds), validation=rule, **fields)


def test_folds_have_their_own_split_hash_and_one_definition(four):
    first, second = LOSO.split(four, 0), LOSO.split(four, 1)
    assert first.hash != second.hash
    assert first.protocol_hash == second.protocol_hash == LOSO.hash
    assert (first.fold, second.fold, first.n_folds) == ("toy/a", "toy/b", 4)


def test_listed_validation_speakers_are_kept(four):
    split = listed(("a",), ("b",), validation=(("c", "d"), ("a",))).split(four, 1)
    assert {four[i].speaker for i in split.parts["validation"]} == {"toy/a"}
    assert {four[i].speaker for i in split.parts["train"]} == {"toy/c", "toy/d"}


def test_a_test_speaker_is_never_a_validation_speaker(four):
    with pytest.raises(CorpusError, match="no single speaker is called 'a'"):
        listed(("a",), validation=(("a",),)).split(four)


def test_a_name_for_one_corpus_is_reported_as_it_is(four):
    assert listed(("a",), corpus="toy").split(four).protocol == "own"


def test_a_name_for_any_corpus_is_reported_with_the_corpus(four):
    assert LOSO.split(four).protocol == "toy-2-loso"
    assert RANDOM.split(four).protocol == "toy-2-random-speakers-overlap"


def test_unknown_speakers_are_told(four):
    unknown = replace(four, utterances=tuple(replace(u, speaker=None) for u in four))
    split = RANDOM.split(unknown)
    assert split.speaker_disjoint is None
    assert split.note.startswith("speakers unknown")


def test_what_the_corpus_prescribes_is_not_looked_at(four):
    given = replace(four, utterances=tuple(replace(u, part="train") for u in four))
    assert LOSO.split(given).parts == LOSO.split(four).parts


def test_another_corpus_is_refused(four):
    with pytest.raises(CorpusError, match=r"about the corpus ravdess\. Received: toy"):
        load_protocol("ravdess-8-luna5").restrict(four)


def test_a_corpus_that_lacks_classes_is_refused(ravdess_names):
    calm = ravdess_names.where(lambda u: u.emotion in ("calm", "anger"))
    expected = "needs clips of disgust, fear.* the corpus has anger, calm"
    with pytest.raises(CorpusError, match=expected):
        load_protocol("ravdess-8-luna5").folds(calm)


def test_other_classes_are_left_out_before_the_split(four):
    protocol = listed(("a",), classes=("anger",))
    assert set(protocol.restrict(four).emotions) == {"anger"}
    with pytest.raises(CorpusError, match="about anger only; restrict the corpus first"):
        protocol.split(four)


@pytest.mark.parametrize("fold", [-1, 4])
def test_a_fold_there_is_not_is_refused(four, fold):
    with pytest.raises(ParameterError, match=f"4 folds, counted from 0. Received: fold={fold}"):
        LOSO.split(four, fold)


def test_every_class_must_be_trained_on(make_corpus):
    corpus = make_corpus([("a", "anger", "x"), ("b", "fear", "x"), ("c", "fear", "x")])
    with pytest.raises(CorpusError, match="fold 0, leaves no training clip of anger"):
        LOSO.split(corpus)


def test_the_hash_follows_what_decides_the_folds():
    protocol = listed(("a",), ("b",))
    changed = [
        listed(("a",), ("c",)),
        listed(("b",), ("a",)),
        listed(("a",), ("b",), classes=("anger",)),
        listed(("a",), ("b",), corpus="toy"),
        listed(("a",), ("b",), n_clips=3),
        replace(protocol, validation=DrawnSpeakers(n=2)),
        replace(protocol, test=EachSpeaker()),
    ]
    assert len({protocol.hash, *(other.hash for other in changed)}) == 8


def test_the_hash_does_not_follow_the_wording():
    protocol = listed(("a",), classes=("anger", "fear"))
    reworded = replace(protocol, summary="Other words.", trap="Mind the gap.", name="renamed")
    reordered = replace(protocol, classes=("fear", "anger"))
    assert protocol.hash == reworded.hash == reordered.hash


def test_the_hash_is_the_same_on_every_machine():
    """First digits of the SHA-256 of the definition, written by hand."""
    definition = (
        '{"classes":[],"corpus":"","n_clips":0,"test":{"by":"each-speaker"},'
        '"validation":{"by":"drawn-speakers","n":1}}'
    )
    assert LOSO.hash == hashlib.sha256(definition.encode()).hexdigest()[:12] == "56dbb9e56a24"


def test_as_dict_is_json_and_says_what_is_seen_of_a_test_speaker():
    plain = RANDOM.as_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["speaker_disjoint"] is False
    assert plain["seen_of_test_speakers"].startswith("other clips of the same speakers")
    assert "+spk" in LOSO.as_dict()["seen_of_test_speakers"]
    assert plain["test"] == {"by": "random-clips", "share": 0.2, "random_state": 0}


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: listed(), "lists the speakers of each fold"),
        (lambda: listed(("a",), validation=(("b",), ("c",))), "2 folds of validation and 1 of"),
        (lambda: replace(LOSO, validation=ListedSpeakers(speakers=(("a",),))), "1 folds of .* 0"),
        (lambda: listed(("a",), classes=("anger", "anger")), "a class is named once"),
    ],
)
def test_a_contradiction_is_refused(make, rule):
    with pytest.raises(ParameterError, match=rule):
        make()
