import keras
import numpy as np
import pytest

from speechsent.errors import TrainingError
from speechsent.training.inference import batch_outputs, clip_outputs, input_names


@pytest.fixture
def mean_model():
    """A model whose output is the mean of a window, so that its windows' mean is known."""
    mfcc = keras.Input((12, 2), name="mfcc")
    return keras.Model({"mfcc": mfcc}, keras.layers.GlobalAveragePooling1D()(mfcc))


def test_a_clips_output_is_the_mean_over_its_windows(mean_model, make_clips):
    """Of 24 frames, windows of 12 start at 0, 6 and 12."""
    clips = make_clips(5, n_frames=24)
    expected = [
        np.mean([clip[first : first + 12].mean(axis=0) for first in (0, 6, 12)], axis=0)
        for clip in clips.views["mfcc"]
    ]
    np.testing.assert_allclose(clip_outputs(mean_model, clips), expected, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 64])
def test_the_batch_size_changes_nothing(mean_model, make_clips, batch_size):
    clips = make_clips(5, n_frames=30)
    np.testing.assert_allclose(
        clip_outputs(mean_model, clips, batch_size=batch_size),
        clip_outputs(mean_model, clips),
        atol=1e-6,
    )


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_a_batch_of_any_size_has_as_many_outputs(mean_model, rng, n):
    values = rng.standard_normal((n, 12, 2)).astype("float32")
    outputs = batch_outputs(mean_model, {"mfcc": values, "unused": np.zeros(n)})
    np.testing.assert_allclose(outputs, values.mean(axis=1), atol=1e-6)


def test_of_several_outputs_the_emotion_counts(rng):
    mfcc = keras.Input((2,), name="mfcc")
    outputs = {"emotion": mfcc * 2.0, "lstm": mfcc * 3.0}
    values = rng.random((3, 2)).astype("float32")
    model = keras.Model({"mfcc": mfcc}, outputs)
    np.testing.assert_allclose(batch_outputs(model, {"mfcc": values}), 2 * values, rtol=1e-6)


def test_an_output_that_is_no_number_is_an_error(mean_model, make_clips):
    clips = make_clips(5)
    clips.views["mfcc"][2][0, 0] = np.nan
    with pytest.raises(TrainingError, match="not finite"):
        clip_outputs(mean_model, clips)


def test_inputs_are_known_by_name(make_branches):
    assert input_names(make_branches()["cnn"]) == ["image"]
