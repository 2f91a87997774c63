"""Expected counts are made by hand."""

import pytest

from speechsent.auditing.checks import checked, label_findings


def told(train, test, *, text_independent=False):
    """Findings by name, as (severity, count, total)."""
    found = label_findings(train, test, text_independent=text_independent)
    return {f.name: (f.severity, f.count, f.total) for f in found}


def test_a_disjoint_split_has_no_finding(make_side):
    train = make_side(("c/1", "s1", "anger"), ("c/2", "s1", "fear"))
    test = make_side(("c/3", "s2", "anger"), ("c/3", "s2", "fear"))
    assert told(train, test) == {}


def test_a_shared_speaker_leaks(make_side):
    train = make_side(("c/1", None, "anger"), ("c/2", None, "anger"))
    test = make_side(("c/2", None, "anger"), ("c/2", None, "anger"), ("c/3", None, "anger"))
    assert told(train, test) == {"speakers-shared": ("leak", 1, 2)}


def test_unknown_speakers_are_told_and_never_counted_as_shared(make_side):
    found = told(make_side((None, None, "anger")), make_side((None, None, "anger")))
    assert found == {"speakers-unknown": ("note", 2, 2)}


@pytest.mark.parametrize(("promised", "severity"), [(False, "note"), (True, "leak")])
def test_a_shared_sentence_leaks_only_where_texts_were_promised_to_differ(
    make_side, promised, severity
):
    train, test = make_side(("c/1", "s1", "anger")), make_side(("c/2", "s1", "anger"))
    assert told(train, test, text_independent=promised) == {"sentences-shared": (severity, 1, 1)}


def test_sentences_of_two_corpora_are_different_though_named_alike(make_side):
    train, test = make_side(("a/1", "01", "anger")), make_side(("b/1", "01", "anger"))
    assert told(train, test) == {}


def test_a_second_take_is_the_same_voice_words_and_emotion(make_side):
    train = make_side(("c/1", "s1", "anger"))
    test = make_side(("c/1", "s1", "anger"), ("c/1", "s1", "fear"), ("c/1", "s2", "anger"))
    assert told(train, test)["second-takes"] == ("leak", 1, 3)


def test_classes_only_one_side_has_are_a_warning(make_side):
    train = make_side(("c/1", None, "anger"), ("c/1", None, "calm"))
    test = make_side(("c/2", None, "anger"), ("c/2", None, "fear"))
    found = label_findings(train, test, text_independent=False)
    assert [f.severity for f in found] == ["warning"]
    assert found[0].examples == ("fear in training", "calm in test")


def test_unknown_emotions_are_not_called_missing(make_side):
    assert told(make_side(("c/1", None, "unknown")), make_side(("c/2", None, "anger"))) == {}


KNOWN = ("c/1", "s1", "anger")


@pytest.mark.parametrize(
    ("other", "checks"),
    [
        (KNOWN, ["speakers-shared", "classes-missing", "sentences-shared", "second-takes"]),
        ((None, "s1", "anger"), ["classes-missing", "sentences-shared"]),
        (("c/2", None, "anger"), ["speakers-shared", "classes-missing"]),
        (("c/2", None, "unknown"), ["speakers-shared"]),
        ((None, None, "unknown"), []),
    ],
)
def test_what_one_side_does_not_tell_is_not_checked(make_side, other, checks):
    assert checked(make_side(KNOWN), make_side(other)) == checks
    assert checked(make_side(other), make_side(KNOWN)) == checks


@pytest.mark.parametrize(("there", "here"), [("Anna", "anna"), ("1", "01"), ("c/Anna", "c/ANNA")])
def test_a_speaker_spelled_in_two_ways_leaks(make_side, there, here):
    """Two lists need not come from one hand."""
    train, test = make_side((there, "s1", "anger")), make_side((here, "s1", "anger"))
    found = told(train, test)
    assert found["speakers-shared"] == ("leak", 1, 1)
    assert found["second-takes"] == ("leak", 1, 1)
