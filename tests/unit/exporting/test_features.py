"""The graph's features against those the networks were trained on."""

import math
from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf

from speechsent.clips import window_starts
from speechsent.exporting import features, graph
from speechsent.features.extraction import Extractor, speech_frames
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc


@pytest.mark.parametrize("log_mel", [LogMel(), LogMel(n_fft=401, hop_length=160, n_mels=40)])
def test_levels_are_those_of_numpy_to_a_hundredth_decibel(voiced, log_mel):
    found = features.log_mel(tf.constant(voiced), log_mel).numpy()
    np.testing.assert_allclose(found, log_mel(voiced).T, atol=1e-2)


@pytest.mark.parametrize("n_frames", [1, 6, 9, 40])
@pytest.mark.parametrize("n_deltas", [0, 1, 2])
def test_cepstra_and_slopes_are_those_of_numpy_also_of_the_shortest_clips(rng, n_frames, n_deltas):
    level = rng.normal(-40, 15, (n_frames, 32)).astype("float32")
    mfcc = Mfcc(n_mfcc=13, n_deltas=n_deltas)
    found = features.mfcc(tf.constant(level), mfcc).numpy()
    np.testing.assert_allclose(found, mfcc(level.T), atol=2e-4)


@pytest.mark.parametrize(
    ("loud", "expected"), [((8, 12), (6, 14)), ((0, 1), (0, 3)), ((19, 20), (17, 20))]
)
def test_two_frames_of_quiet_are_kept_around_speech(loud, expected):
    level = np.full((20, 4), -80, "float32")
    level[slice(*loud)] = 0
    assert speech_frames(level.T, 35.0) == slice(*expected)
    first, stop = features.speech_frames(tf.constant(level), 35.0)
    assert (int(first), int(stop)) == expected


def test_without_trimming_every_frame_is_kept(voiced):
    found, n_frames = features.views(tf.constant(voiced), Extractor(trim_db=0))
    assert int(n_frames) == 51
    assert {view: values.shape for view, values in found.items()} == {
        "log_mel": (51, 96),
        "mfcc": (51, 120),
    }


@pytest.mark.parametrize("n_window", [10, 50, 151])
def test_windows_start_where_evaluation_starts_them(n_window):
    """Ties included: Python's ``round`` goes to the even number."""
    for n_frames in [*range(1, 700), 4_999, 30_000]:
        found = graph.window_starts(tf.constant(n_frames), n_window).numpy().tolist()
        assert found == window_starts(n_frames, n_window), n_frames


@pytest.mark.parametrize(("n_frames", "n_window"), [(720_000, 150), (1_000_001, 100)])
def test_windows_of_hours_start_where_exact_fractions_say(n_frames, n_window):
    """Four hours and more: 32 bits do not hold twice the product of both numbers."""
    spare = n_frames - n_window
    gaps = math.ceil(Fraction(2 * spare, n_window))
    expected = [round(Fraction(i * spare, gaps)) for i in range(gaps + 1)]
    found = graph.window_starts(tf.constant(n_frames), n_window).numpy().tolist()
    assert found == expected
