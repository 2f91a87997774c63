import numpy as np
import pytest

from speechsent.corpus.phones import SENTENCES, articulate, is_vowel, lay_out


def middles(line):
    """Frame in the middle of each phone."""
    return ((line.starts + line.ends) / 2 * 100).round().astype(int)


def said(sentence, *, duration=2.0, pause=0.2, loudness=None, tract=1.0):
    line = lay_out(sentence, duration=duration, pause=pause)
    quiet = np.zeros(len(sentence)) if loudness is None else np.array(loudness)
    return line, articulate(line, loudness=quiet, tract=tract)


def test_a_sentence_lasts_as_long_as_asked_between_two_rests():
    line = lay_out("ma ni", duration=2.0, pause=0.2)
    assert line.starts[0] == pytest.approx(0.1)
    assert line.ends[-1] == pytest.approx(2.1)
    np.testing.assert_allclose(line.starts[1:], line.ends[:-1])
    assert len(line.times) == 220


def test_a_pause_is_taken_from_the_sentence_and_a_vowel_is_twice_a_nasal():
    """1.8 s are left for m, a, n, i in shares of 1, 2, 1, 2."""
    line = lay_out("ma ni", duration=2.0, pause=0.2)
    np.testing.assert_allclose(line.ends - line.starts, [0.3, 0.6, 0.2, 0.3, 0.6])


def test_values_are_held_while_a_phone_lasts_and_are_zero_in_silence():
    line = lay_out("ma ni", duration=2.0, pause=0.2)
    held = line.hold(np.array([1.0, 2.0, 0.0, 4.0, 5.0]))
    np.testing.assert_allclose(held[middles(line)], [1, 2, 0, 4, 5])
    assert not held[:9].any()
    assert not held[-9:].any()


def test_values_glide_from_one_phone_to_the_next_past_others():
    line = lay_out("ma ni", duration=2.0, pause=0.2)
    where = np.array([True, False, False, False, True])
    glide = line.glide(np.array([10.0, 99.0, 99.0, 99.0, 30.0]), where)
    assert glide[middles(line)[[0, 4]]] == pytest.approx([10, 30], abs=0.1)
    assert (np.diff(glide) >= 0).all()


@pytest.mark.parametrize("tract", [1.0, 1.16])
def test_vowels_have_the_formants_of_peterson_and_barney(tract):
    """Table II of 1952, men: /a/ 730, 1090, 2440 Hz and /i/ 270, 2290, 3010 Hz."""
    line, mouth = said("sa ni", tract=tract)
    a, i = mouth.formants[middles(line)[[1, 4]], :3]
    np.testing.assert_allclose(a, np.array([730, 1090, 2440]) * tract, rtol=0.02)
    np.testing.assert_allclose(i, np.array([270, 2290, 3010]) * tract, rtol=0.02)


def test_fricatives_hiss_without_voice_and_vowels_sound_without_hiss():
    line, mouth = said("sa Si")
    s, a, _, sh, i = middles(line)
    np.testing.assert_allclose(mouth.voicing[[s, a, sh, i]], [0, 1, 0, 1])
    np.testing.assert_allclose(mouth.friction[[s, a, sh, i]] > 0, [True, False, True, False])
    assert mouth.colour[s] > mouth.colour[sh], "s is sharper than sh"


def test_a_closure_and_a_pause_are_silent():
    line, mouth = said("a.ta ni")
    quiet = middles(line)[[1, 4]]
    assert not mouth.voicing[quiet].any()
    assert not mouth.friction[quiet].any()


def test_an_accent_is_louder_by_its_decibels():
    line, mouth = said("sa ni", loudness=[0, 0, 0, 0, 6])
    _, a, _, _, i = middles(line)
    assert mouth.voicing[i] == pytest.approx(1)
    assert mouth.voicing[a] == pytest.approx(10 ** (-6 / 20))


def test_vowels_are_marked():
    assert is_vowel("ma .i").tolist() == [False, True, False, False, True]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_phone_of_the_sentences_can_be_heard(sentence):
    """The middle of a short burst may fall between two frames, so its neighbours count too."""
    assert sentence.count(" ") == 1
    line, mouth = said(sentence, duration=1.5, pause=0.05)
    loudest = np.maximum(mouth.voicing, mouth.friction)
    for phone, middle in zip(sentence, middles(line), strict=True):
        if phone not in " .":
            assert loudest[middle - 1 : middle + 2].max() > 0.1, phone
