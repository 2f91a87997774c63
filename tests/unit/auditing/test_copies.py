from dataclasses import replace

import pytest

from speechsent.auditing.copies import file_keys, identical_findings, overlapping_stretches


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
