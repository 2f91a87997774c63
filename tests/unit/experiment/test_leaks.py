from pathlib import Path

import pytest

from speechsent.auditing import audit_split
from speechsent.auditing.content import FILES, PATHS
from speechsent.corpus.utterance import Utterance
from speechsent.experiment.leaks import REMEDIES, tell_leaks, with_leaks


def clip(number, speaker, emotion="anger"):
    return Utterance(path=Path(f"/c/{number}.wav"), emotion=emotion, speaker=speaker)


def report_of(*rows):
    """Rows of speaker, part and hash."""
    utterances = [clip(i, speaker) for i, (speaker, _, _) in enumerate(rows)]
    return audit_split(utterances, [row[1] for row in rows], [row[2] for row in rows], Path("/c"))


def test_a_copy_between_disjoint_speakers_is_told_with_its_remedy(notes):
    report = report_of(("a", "train", "x"), ("b", "test", "x"), ("b", "test", "y"))
    tell_leaks(report, notes)
    assert notes.texts == [
        "warning: identical-files: 1 of 2 test clips have the same bytes as a training clip "
        "(1.wav = 0.wav); remove the copies from one side"
    ]
    assert with_leaks("", report) == "leaks: identical-files (1 of 2)"


def test_validation_clips_count_as_trained_on():
    report = report_of(("a", "train", "x"), ("b", "validation", "y"), ("b", "test", "z"))
    assert with_leaks("by clips", report) == "by clips; leaks: speakers-shared (1 of 1)"


def test_a_clean_split_is_not_talked_about(notes):
    report = report_of(("a", "train", "x"), ("b", "test", "y"))
    tell_leaks(report, notes)
    assert notes.texts == []
    assert with_leaks("by clips", report) == "by clips"
    assert with_leaks("", report) == ""


@pytest.mark.parametrize(
    "name", ["speakers-shared", "second-takes", "classes-missing", "sentences-shared", FILES, PATHS]
)
def test_every_check_that_can_leak_has_a_remedy(name):
    """Missing classes warn and shared sentences inform, as long as none may be promised apart."""
    harmless = {"classes-missing", "sentences-shared"}
    assert (name in REMEDIES) == (name not in harmless)
