import numpy as np
import pytest

from speechsent.auditing.listening import Sound
from speechsent.auditing.shortcuts import foretell, shortcut_checks
from speechsent.corpus.inspect import UNKNOWN
from speechsent.corpus.utterance import Utterance


def test_a_number_that_is_the_class_foretells_it_perfectly():
    """One in 201 permutations at most does as well: the true one."""
    classes = np.repeat([0, 1, 2], 20)
    told = foretell(classes.astype(float), classes, np.arange(60) % 5)
    assert (told.uar, told.chance, told.p) == (1.0, pytest.approx(1 / 3), pytest.approx(1 / 201))


def test_a_constant_foretells_nothing():
    """All clips are guessed as one class, so its recall is 1 and the other's 0."""
    classes = np.tile([0, 1], 25)
    told = foretell(np.zeros(50), classes, np.arange(50) % 5)
    assert (told.uar, told.p) == (0.5, 1.0)


def test_noise_is_rarely_called_a_shortcut(rng):
    """At a level of 0.01, one in a hundred is expected; three in forty are not (p = 0.007)."""
    classes, folds = np.tile([0, 1, 2, 3], 20), np.arange(80) % 5
    called = [foretell(rng.standard_normal(80), classes, folds).p <= 0.01 for _ in range(40)]
    assert sum(called) < 3


def test_what_only_tells_the_speaker_does_not_foretell():
    """Each speaker has a level and one class; the next speaker's level tells nothing of hers."""
    speakers = np.repeat(np.arange(10), 8)
    classes = speakers % 2
    told = foretell(speakers.astype(float), classes, speakers % 5)
    assert told.p > 0.01


def clip(tmp_path, i, emotion, **cues):
    known = {"duration": 1.0, "level": -30.0, "offset": 0.0, "silence": 0.1}
    utterance = Utterance(path=tmp_path / f"{i}.wav", emotion=emotion, speaker=f"c/{i % 6}")
    return utterance, Sound(digest=str(i), fingerprint=None, **{**known, **cues})


def test_the_cue_that_tells_is_named_and_the_others_are_not(tmp_path):
    emotions = ("anger", "sadness")
    clips = [
        clip(tmp_path, i, emotions[i // 6 % 2], level=-20.0 if i // 6 % 2 else -40.0)
        for i in range(48)
    ]
    checked, (found,) = shortcut_checks(*zip(*clips, strict=True))
    assert checked == [
        "shortcut-duration", "shortcut-level", "shortcut-offset", "shortcut-silence",
    ]  # fmt: skip
    assert (found.name, found.severity, found.total) == ("shortcut-level", "warning", 48)
    assert "UAR 1.000, chance 0.500, p 0.005" in found.message
    assert "acted speech" in found.message


@pytest.mark.parametrize("emotion", ["anger", UNKNOWN])
def test_one_class_or_no_sound_or_emotions_untold_are_not_called_clean(emotion, tmp_path):
    one = [clip(tmp_path, i, emotion) for i in range(6)]
    assert shortcut_checks(*zip(*one, strict=True)) == ([], [])
    assert shortcut_checks([u for u, _ in one], [None] * 6) == ([], [])
