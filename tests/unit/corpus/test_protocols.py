from dataclasses import replace
from pathlib import Path

import pytest

from speechsent.corpus.protocols import SplitConfig, hold_out, restrict
from speechsent.corpus.utterance import PARTS, Corpus, Utterance
from speechsent.errors import CorpusError, ParameterError

ROOT = Path("root")


def corpus_of(rows):
    """A corpus of (speaker, emotion, part) rows, a clip each."""
    clips = [
        Utterance(path=ROOT / f"{n:03d}.wav", emotion=emotion, speaker=speaker, part=part)
        for n, (speaker, emotion, part) in enumerate(rows)
    ]
    return Corpus(name="toy", root=ROOT, utterances=tuple(clips))


def spoken_by(*speakers, parts=None, emotions=("anger", "fear")):
    """Every speaker speaks every emotion twice."""
    parts = parts or {}
    return corpus_of([(s, e, parts.get(s)) for s in speakers for e in emotions for _ in range(2)])


def speakers_in(corpus, split, part):
    return {corpus[i].speaker for i in split.parts[part]}


TEN = [f"toy/{n:02d}" for n in range(1, 11)]


def test_the_default_split_is_by_speaker():
    """A fifth of ten speakers is two; 15 % round to two."""
    corpus = spoken_by(*TEN)
    split = hold_out(corpus)
    assert split.protocol == "toy-2-holdout"
    assert split.speaker_disjoint is True
    assert split.note == ""
    assert [len(speakers_in(corpus, split, part)) for part in PARTS] == [6, 2, 2]
    assert [split.part_of(i) for i in split.parts["test"]] == ["test"] * 8


def test_the_same_seed_gives_the_same_split():
    first, second, other = (hold_out(spoken_by(*TEN), SplitConfig(seed=s)) for s in (1, 1, 2))
    assert first == second
    assert first.hash == second.hash != other.hash
    assert len(first.hash) == 12


def test_the_hash_does_not_depend_on_where_the_corpus_lies():
    corpus = spoken_by(*TEN)
    moved = replace(
        corpus,
        root=Path("/elsewhere"),
        utterances=tuple(replace(u, path=Path("/elsewhere") / u.path.name) for u in corpus),
    )
    assert hold_out(moved).hash == hold_out(corpus).hash


@pytest.mark.parametrize("name", ["toy/02", "02", "2"])
def test_named_speakers_are_tested_on(name):
    corpus = spoken_by(*TEN)
    split = hold_out(corpus, SplitConfig(test_speakers=(name,), validation_speakers=("3", "4")))
    assert speakers_in(corpus, split, "test") == {"toy/02"}
    assert speakers_in(corpus, split, "validation") == {"toy/03", "toy/04"}


def test_validation_is_drawn_beside_named_test_speakers():
    corpus = spoken_by(*TEN)
    split = hold_out(corpus, SplitConfig(test_speakers=("1", "2", "3")))
    assert speakers_in(corpus, split, "test") == {"toy/01", "toy/02", "toy/03"}
    assert len(speakers_in(corpus, split, "validation")) == 2


def test_an_unknown_named_speaker_is_refused():
    with pytest.raises(CorpusError, match="no single speaker is called '99'"):
        hold_out(spoken_by(*TEN), SplitConfig(test_speakers=("99",)))


def test_one_speaker_cannot_be_named_for_two_parts():
    config = SplitConfig(test_speakers=("2",), validation_speakers=("02",))
    with pytest.raises(CorpusError, match="named for test and for validation: toy/02"):
        hold_out(spoken_by(*TEN), config)


@pytest.mark.parametrize("n_speakers", [1, 2])
def test_fewer_than_three_speakers_are_refused_with_a_remedy(n_speakers):
    with pytest.raises(CorpusError, match="--allow-speaker-overlap"):
        hold_out(spoken_by(*TEN[:n_speakers]))


def test_three_speakers_make_one_part_each():
    corpus = spoken_by(*TEN[:3])
    split = hold_out(corpus)
    assert [len(speakers_in(corpus, split, part)) for part in PARTS] == [1, 1, 1]


def test_large_shares_leave_a_speaker_to_train_on():
    corpus = spoken_by(*TEN[:4])
    split = hold_out(corpus, SplitConfig(test=0.6, validation=0.39))
    assert [len(speakers_in(corpus, split, part)) for part in PARTS] == [1, 1, 2]


def test_overlap_is_told_in_name_and_note():
    split = hold_out(spoken_by(*TEN[:2]), SplitConfig(allow_speaker_overlap=True))
    assert split.protocol == "toy-2-holdout-speakers-overlap"
    assert split.speaker_disjoint is False
    assert split.note == "2 speakers occur in several parts, which flatters the score"


def test_unknown_speakers_are_told_in_name_and_note():
    split = hold_out(spoken_by(None, None, None))
    assert split.protocol == "toy-2-holdout-speakers-unknown"
    assert split.speaker_disjoint is None
    assert "may lie on both sides" in split.note


def test_too_few_clips_for_three_parts_are_told():
    corpus = spoken_by(None)
    with pytest.raises(CorpusError, match=r"no class has clips enough .* 3 or more"):
        hold_out(corpus)


def test_speakers_cannot_be_named_where_none_is_known():
    with pytest.raises(CorpusError, match="none is known"):
        hold_out(spoken_by(None), SplitConfig(test_speakers=("2",)))


def test_a_few_unknown_speakers_are_refused_by_file():
    with pytest.raises(CorpusError, match=r"unknown: 012\.wav, 013\.wav, 014\.wav, 015\.wav"):
        hold_out(spoken_by(*TEN[:3], None))


def test_a_few_unknown_speakers_pass_where_overlap_is_allowed():
    split = hold_out(spoken_by(*TEN[:3], None), SplitConfig(allow_speaker_overlap=True))
    assert sum(len(indices) for indices in split.parts.values()) == 16


OWN = """\
name: toy-anger
classes: [anger, fear]
test: {by: listed-speakers, speakers: [[1, 2], [3]]}
validation: {by: drawn-speakers, n: 2}
"""


@pytest.fixture
def own(tmp_path):
    """A protocol of one's own, on two of three emotions."""
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return SplitConfig(protocol=str(path), fold=1)


def test_a_named_protocol_splits_the_corpus(own):
    corpus = restrict(spoken_by(*TEN, emotions=("anger", "fear", "calm")), own)
    split = hold_out(corpus, own)
    assert split.protocol == "toy-2-toy-anger"
    assert (split.fold, split.n_folds, len(split.protocol_hash)) == ("fold 2", 2, 12)
    assert speakers_in(corpus, split, "test") == {"toy/03"}
    assert len(speakers_in(corpus, split, "validation")) == 2


def test_the_split_seed_draws_the_validation_speakers_of_a_protocol(own):
    corpus = spoken_by(*TEN)
    splits = [hold_out(corpus, replace(own, seed=seed)) for seed in range(5)]
    assert len({split.parts["validation"] for split in splits}) > 1
    assert {split.parts["test"] for split in splits} == {splits[0].parts["test"]}


def test_without_a_protocol_a_corpus_is_kept_whole():
    corpus = spoken_by(*TEN)
    assert restrict(corpus, SplitConfig()) is corpus


def test_a_split_without_a_named_protocol_has_no_definition():
    split = hold_out(spoken_by(*TEN))
    assert (split.protocol_hash, split.fold, split.n_folds) == ("", "", 1)


GIVEN = dict(zip(TEN, ["train"] * 6 + ["validation"] * 2 + ["test"] * 2, strict=True))


def test_prescribed_parts_are_kept():
    corpus = spoken_by(*TEN, parts=GIVEN)
    split = hold_out(corpus)
    assert split.protocol == "toy-2-given"
    assert [split.part_of(i) for i in range(len(corpus))] == [u.part for u in corpus]


def test_validation_is_carved_out_of_prescribed_training_by_speaker():
    parts = {s: "train" if p == "validation" else p for s, p in GIVEN.items()}
    corpus = spoken_by(*TEN, parts=parts)
    split = hold_out(corpus)
    assert split.protocol == "toy-2-given"
    assert speakers_in(corpus, split, "test") == {"toy/09", "toy/10"}
    assert len(speakers_in(corpus, split, "validation")) == 2
    assert split.speaker_disjoint is True


def test_validation_is_carved_by_clip_where_speakers_are_unknown():
    rows = [(None, e, p) for e in ("anger", "fear") for p in ["train"] * 10 + ["test"] * 3]
    split = hold_out(corpus_of(rows))
    assert split.protocol == "toy-2-given-speakers-unknown"
    assert [len(split.parts[part]) for part in PARTS] == [16, 4, 6]


def test_a_corpus_that_prescribes_training_alone_is_held_out():
    split = hold_out(spoken_by(*TEN, parts=dict.fromkeys(TEN, "train")))
    assert split.protocol == "toy-2-holdout"
    assert len(split.parts["test"]) == 8


def test_a_speaker_in_two_prescribed_parts_is_refused():
    rows = [("a", "anger", "train"), ("b", "anger", "train"), ("a", "anger", "test")]
    with pytest.raises(CorpusError, match="speakers in two prescribed parts: a"):
        hold_out(corpus_of(rows))


def test_a_speaker_in_two_prescribed_parts_passes_where_overlap_is_allowed():
    rows = [("a", "anger", part) for part in PARTS]
    split = hold_out(corpus_of(rows), SplitConfig(allow_speaker_overlap=True))
    assert split.protocol == "toy-1-given-speakers-overlap"
    assert split.note.startswith("1 speakers")


def test_half_a_prescription_is_refused():
    with pytest.raises(CorpusError, match=r"Without: 004\.wav, 005\.wav"):
        hold_out(spoken_by("a", "b", parts={"a": "train"}))


def test_a_prescription_without_training_is_refused():
    with pytest.raises(CorpusError, match="needs a training part"):
        hold_out(spoken_by("a", parts={"a": "test"}))


def test_speakers_cannot_be_named_for_a_prescribed_part():
    with pytest.raises(CorpusError, match="the corpus prescribes its test part"):
        hold_out(spoken_by(*TEN, parts=GIVEN), SplitConfig(test_speakers=("1",)))


def test_a_prescribed_test_speaker_cannot_be_named_for_validation():
    parts = {s: "train" if p == "validation" else p for s, p in GIVEN.items()}
    with pytest.raises(CorpusError, match="already have a prescribed part: toy/10"):
        hold_out(spoken_by(*TEN, parts=parts), SplitConfig(validation_speakers=("10",)))


def test_every_class_must_be_trained_on():
    rows = [("a", "anger", "train"), ("b", "anger", "validation"), ("c", "fear", "test")]
    with pytest.raises(CorpusError, match="no training clip of fear"):
        hold_out(corpus_of(rows))


@pytest.mark.parametrize(
    "fields",
    [
        {"test": 0.0},
        {"validation": -0.1},
        {"test": 0.6, "validation": 0.4},
        {"test": float("nan")},
        {"seed": -1},
        {"test_speakers": ("1",), "validation_speakers": ("1",)},
        {"test_speakers": ("1",), "allow_speaker_overlap": True},
        {"fold": 1},
        {"protocol": "savee-loso", "fold": -1},
        {"protocol": "savee-loso", "test": 0.3},
        {"protocol": "savee-loso", "validation": 0.1},
        {"protocol": "savee-loso", "test_speakers": ("DC",)},
        {"protocol": "savee-loso", "validation_speakers": ("DC",)},
        {"protocol": "savee-loso", "allow_speaker_overlap": True},
    ],
)
def test_a_bad_configuration_is_refused(fields):
    with pytest.raises(ParameterError, match="Received: "):
        SplitConfig(**fields)
