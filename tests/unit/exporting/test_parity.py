"""Whether two answers are the same, on clips whose answers are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from speechsent.corpus.utterance import Utterance
from speechsent.exporting.parity import TOLERANCE, clips_of, worst_difference
from speechsent.features.extraction import Extractor


@pytest.fixture
def clips(tmp_path, voiced):
    paths = [tmp_path / f"{i}.wav" for i in range(3)]
    for path in paths:
        soundfile.write(path, voiced, 16_000)
    return [Utterance(path=path, emotion="") for path in paths]


def telling(*values, sd=None):
    """A recogniser with the same answer for every clip."""
    scale = None if sd is None else SimpleNamespace(sd=sd)
    return SimpleNamespace(
        extractor=Extractor(), scale=scale, signal=lambda _: np.array(values, np.float32)
    )


def test_the_worst_of_all_clips_and_classes_counts(clips):
    answers = iter([[0.5, 0.5], [0.75, 0.25], [0.625, 0.375]])
    assert worst_difference(telling(0.5, 0.5), lambda _: next(answers), clips) == 0.25


def test_numbers_count_in_deviations_of_their_own_column(clips):
    """2 of 4 is less than 0.5 of 0.5."""
    recogniser = telling(10.0, 1.0, sd=[4.0, 0.5])
    assert worst_difference(recogniser, lambda _: np.array([12.0, 1.5]), clips) == 1.0


@pytest.mark.parametrize("wrong", [0, 2])
def test_an_answer_that_is_no_number_passes_no_tolerance(clips, wrong):
    answers = [[0.5, 0.5]] * 3
    answers[wrong] = [np.nan, np.nan]
    told = iter(answers)
    assert not worst_difference(telling(0.5, 0.5), lambda _: next(told), clips) <= TOLERANCE


@pytest.mark.parametrize("n", [1, 5, 12, 23, 100])
def test_clips_to_compare_on_are_spread_over_all(clips, tmp_path, n):
    known = [replace(clips[0], start=float(i), end=i + 1.0) for i in range(n)]
    run = SimpleNamespace(path=tmp_path, split=SimpleNamespace(of=lambda *_: known))
    chosen = [known.index(clip) for clip in clips_of(run)]
    assert len(set(chosen)) == min(n, 12)
    assert (chosen[0], chosen[-1]) == (0, n - 1)
