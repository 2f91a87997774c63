import pytest

from speechsent.corpus.labels import CANONICAL, LabelSet, canonical, canonical_names
from speechsent.errors import CorpusError


@pytest.mark.parametrize(
    ("spelling", "emotion"),
    [
        ("angry", "anger"),
        ("ANG", "anger"),
        ("angr", "anger"),
        ("Happy", "happiness"),
        ("joy", "happiness"),
        ("fearful", "fear"),
        ("FEA", "fear"),
        ("anxiety", "fear"),
        ("dis", "disgust"),
        ("ps", "surprise"),
        ("pleasant_surprised", "surprise"),
        ("Pleasant-Surprise", "surprise"),
        ("neu", "neutral"),
        ("bored", "boredom"),
        ("exc", "excitement"),
        ("fru", "frustration"),
        ("contempt", "contempt"),
    ],
)
def test_the_spellings_of_the_field_have_one_name(spelling, emotion):
    assert canonical(spelling) == emotion


@pytest.mark.parametrize("spelling", ["shout", "W", "sa", "a", ""])
def test_codes_and_unknown_words_are_no_emotion_words(spelling):
    assert canonical(spelling) is None


def test_emodb_letters_are_read_together():
    """Wut, Langeweile, Ekel, Angst, Freude, Trauer, neutral: Burkhardt et al. (2005)."""
    assert canonical_names("WLEAFTN") == {
        "W": "anger",
        "L": "boredom",
        "E": "disgust",
        "A": "fear",
        "F": "happiness",
        "T": "sadness",
        "N": "neutral",
    }


def test_savee_letters_are_read_together():
    names = canonical_names(["a", "d", "f", "h", "n", "sa", "su"])
    assert names["a"] == "anger"
    assert names["f"] == "fear"
    assert names["sa"] == "sadness"


def test_a_lone_ambiguous_letter_names_both_meanings():
    with pytest.raises(CorpusError, match="'a' is fear in EmoDB and anger in SAVEE"):
        canonical_names(["a", "joy"])


def test_a_letter_with_the_same_meaning_everywhere_is_read():
    assert canonical_names(["n", "joy"])["n"] == "neutral"


def test_codes_of_two_systems_are_refused():
    with pytest.raises(CorpusError, match="'d' is disgust in SAVEE, 'w' is anger in EmoDB"):
        canonical_names(["w", "d"])


def test_all_unknown_names_are_told_with_guess_and_remedy():
    with pytest.raises(CorpusError) as error:
        canonical_names(["angerr", "anger", "xyzzy"])
    message = str(error.value)
    assert "'angerr' (did you mean 'anger'?), 'xyzzy'." in message
    assert "--set corpus.labels.NAME=EMOTION" in message
    assert "\n" not in message


def test_a_guess_is_the_name_of_an_emotion_and_no_spelling_of_some_corpus():
    with pytest.raises(CorpusError, match=r"'angre' \(did you mean 'anger'\?\)"):
        canonical_names(["angre"])


def test_the_remedy_for_an_unknown_name_says_what_evaluate_can_do():
    """It takes no --set: names of one's own come from the training."""
    with pytest.raises(CorpusError, match=r"Rename it, or map .* \(for evaluate: when training\)"):
        canonical_names(["xyzzy"])


def test_own_names_win_and_may_be_new_emotions():
    names = canonical_names(
        ["exc", "Shouting", "a"], {"exc": "joy", "shouting": "shout", "a": "awe"}
    )
    assert names == {"exc": "happiness", "Shouting": "shout", "a": "awe"}


def test_the_meaning_of_an_own_name_is_a_name_too():
    assert canonical_names(["shout"], {"SHT": "shout"}) == {"shout": "shout"}


def test_an_own_name_needs_a_meaning():
    with pytest.raises(CorpusError, match="maps to no emotion: exc"):
        canonical_names(["exc"], {"exc": " "})


def test_classes_are_in_canonical_order_then_own_names():
    labels = LabelSet.of(["zeal", "surprise", "awe", "neutral", "surprise"])
    assert labels.names == ("neutral", "surprise", "awe", "zeal")
    assert len(labels) == 4
    assert labels.index("awe") == 2


def test_the_canonical_order():
    assert CANONICAL == (
        "neutral",
        "calm",
        "happiness",
        "sadness",
        "anger",
        "fear",
        "disgust",
        "surprise",
        "boredom",
        "contempt",
        "excitement",
        "frustration",
    )


@pytest.mark.parametrize("names", [(), ("anger",), ("anger", "anger")])
def test_a_label_set_needs_two_different_classes(names):
    with pytest.raises(CorpusError):
        LabelSet(names)


def test_an_emotion_that_is_no_class_is_refused():
    with pytest.raises(CorpusError, match="'fear' is none of the classes anger, calm"):
        LabelSet(("anger", "calm")).index("fear")


@pytest.mark.parametrize(
    ("spelling", "emotion"),
    [
        ("z\u0142os\u0301c\u0301", "anger"),
        ("U\u0308berraschung", "surprise"),
        ("A\u0308RGER", "anger"),
        ("rados\u0301c\u0301", "happiness"),
    ],
)
def test_letters_and_accents_taken_apart_are_the_same_word(spelling, emotion):
    """As macOS names folders."""
    assert canonical(spelling) == emotion
    assert canonical_names([spelling]) == {spelling: emotion}


def test_own_names_are_the_same_with_accents_taken_apart():
    names = canonical_names(["e\u0301tonne\u0301"], {"\u00e9tonn\u00e9": "g\u00eane\u0301"})
    assert names == {"e\u0301tonne\u0301": "g\u00ean\u00e9"}
