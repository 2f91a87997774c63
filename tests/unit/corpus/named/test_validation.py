from dataclasses import replace

import pytest

from speechsent.corpus.named.validation import DrawnClips, DrawnSpeakers
from speechsent.errors import CorpusError, ParameterError


def test_whole_speakers_are_drawn(four):
    chosen = DrawnSpeakers(n=2).choose(four.utterances, 0, seed=0)
    speakers = {four[i].speaker for i in chosen}
    assert len(speakers) == 2
    assert len(chosen) == 12


def test_a_speaker_is_left_to_train_on(four):
    with pytest.raises(CorpusError, match=r"draws 4 of the training speakers.* Received: 4"):
        DrawnSpeakers(n=4).choose(four.utterances, 0, seed=0)


def test_unknown_speakers_cannot_be_drawn(four):
    clips = [replace(u, speaker=None) for u in four]
    with pytest.raises(CorpusError, match="speakers are unknown"):
        DrawnSpeakers().choose(clips, 0, seed=0)


def test_no_speaker_is_refused():
    with pytest.raises(ParameterError, match="n=0"):
        DrawnSpeakers(n=0)


def test_clips_are_drawn_class_by_class(four):
    """Twelve clips of each class: a quarter is three."""
    chosen = DrawnClips(share=0.25).choose(four.utterances, 0, seed=0)
    assert sorted(four[i].emotion for i in chosen) == ["anger"] * 3 + ["fear"] * 3


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ParameterError, match=r"share lies in \(0, 1\)"):
        DrawnClips(share=share)


def test_a_rule_says_what_it_does():
    assert str(DrawnSpeakers(n=3)) == "3 of the training speakers, drawn by split.seed"
    assert str(DrawnClips()).startswith("15% of the training clips of each class")
