from dataclasses import replace

import pytest

from speechsent.auditing.copies import (
    file_keys,
    files_shared,
    identical_findings,
    overlapping_stretches,
)


def same(train, test, **how):
    keys = file_keys(train), file_keys(test)
    found = identical_findings("identical-files", "the same bytes", train, test, *keys, **how)
    return [(f.severity, f.count, f.total, f.examples) for f in found]


ROW = ("c/1", None, "anger")


def test_a_copy_on_the_other_side_leaks_and_one_on_the_same_side_is_a_note(make_side):
    train = make_side(ROW, ROW, ROW, hashes=("x", "y", "y"))
    test = make_side(ROW, ROW, hashes=("z", "x"))
    assert same(train, test) == [
        ("leak", 1, 2, ("1.wav = 0.wav",)),
        ("note", 1, 5, ("1.wav = 2.wav",)),
    ]


def test_what_was_told_before_is_not_told_again(make_side):
    train, test = make_side(ROW, hashes=("x",)), make_side(ROW, hashes=("x",))
    assert same(train, test, told={"0.wav = 0.wav"}) == []


def test_stretches_of_one_file_are_different_clips(make_side):
    train, test = make_side(ROW, hashes=("x",)), make_side(ROW, hashes=("x",))
    later = replace(test.utterances[0], start=2.0)
    assert same(train, replace(test, utterances=(later,))) == []


def test_files_that_are_not_there_are_not_the_same(make_side):
    assert same(make_side(ROW, hashes=("",)), make_side(ROW, hashes=("",))) == []
    assert same(make_side(ROW), make_side(ROW)) == []


@pytest.mark.parametrize(
    ("trained", "tested", "count"),
    [
        ((0.0, None), (2.0, 3.0), 1),
        ((0.0, 2.0), (1.0, 3.0), 1),
        ((0.0, 2.0), (2.0, 3.0), 0),
        ((1.0, 2.0), (1.0, 2.0), 0),
    ],
)
def test_stretches_that_share_sound_are_a_leak(make_side, trained, tested, count):
    """Two that only touch share nothing; the same stretch twice is told as identical."""
    sides = []
    for start, end in (trained, tested):
        side = make_side(ROW, hashes=("x",))
        cut = replace(side.utterances[0], start=start, end=end)
        sides.append(replace(side, utterances=(cut,)))
    found = overlapping_stretches("identical-files", *sides)
    assert sum(f.count for f in found) == count
    assert all(f.severity == "leak" for f in found)


def test_stretches_of_different_or_unknown_files_share_nothing(make_side):
    later = replace(make_side(ROW).utterances[0], start=1.0)
    for hashes in (("x", "y"), ("", "")):
        train = make_side(ROW, hashes=hashes[:1])
        test = replace(make_side(ROW, hashes=hashes[1:]), utterances=(later,))
        assert overlapping_stretches("identical-files", train, test) == []


def shared(train, test):
    found = files_shared("files-shared", train, test)
    return [(f.severity, f.count, f.total, f.examples) for f in found]


@pytest.mark.parametrize("hashes", [((), ()), (("x",), ()), ((), ("x",)), (("",), ("x",))])
def test_one_path_on_both_sides_leaks_where_a_hash_is_unknown(make_side, hashes):
    train, test = (make_side(ROW, hashes=h) for h in hashes)
    assert shared(train, test) == [("leak", 1, 1, ("0.wav",))]


def test_where_hashes_are_known_they_decide(make_side):
    assert shared(make_side(ROW, hashes=("x",)), make_side(ROW, hashes=("y",))) == []


def test_another_way_to_write_a_path_is_the_same_path(make_side, tmp_path):
    train, test = make_side(ROW), make_side(ROW)
    detour = replace(test.utterances[0], path=tmp_path / "x" / ".." / "0.wav")
    assert shared(train, replace(test, utterances=(detour,)))[0][:3] == ("leak", 1, 1)


@pytest.mark.parametrize(
    ("tested", "count"), [((0.0, 2.0), 1), ((1.0, 3.0), 1), ((2.0, 3.0), 0), ((2.0, None), 0)]
)
def test_of_one_path_only_stretches_that_meet_are_shared(make_side, tested, count):
    train, test = (
        replace(side, utterances=(replace(side.utterances[0], start=start, end=end),))
        for side, (start, end) in ((make_side(ROW), (0.0, 2.0)), (make_side(ROW), tested))
    )
    assert len(shared(train, test)) == count
