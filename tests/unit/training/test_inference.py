import gc
import weakref

import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.config import from_dict
from speechsent.errors import TrainingError
from speechsent.network import assemble, build_branches
from speechsent.training.inference import batch_outputs, clip_outputs, input_names

SMALL = {
    "view": {"seconds": 0.5},
    "log_mel": {"n_mels": 32},
    "mfcc": {"n_mfcc": 13},
    "cnn": {"stem": [8], "channels": 8, "embedding": 8},
    "lstm": {"channels": 8, "units": [8], "embedding": 8},
    "functionals": {"filters": 40},
}


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


def test_what_a_model_was_shown_before_changes_no_bit(rng):
    """Keras's own prediction compiles anew at the second batch size, to other last bits."""
    config = from_dict(SMALL)
    fresh, used = (assemble(build_branches(config), config, Classes(4)) for _ in range(2))
    weights = [w if w.any() else 0.1 * rng.standard_normal(w.shape) for w in fresh.get_weights()]
    inputs = {
        tensor.name: rng.random((32, *tensor.shape[1:])).astype("float32")
        for tensor in fresh.inputs
    }
    for model in (fresh, used):
        model.set_weights(weights)
    for n in (16, 1):
        batch_outputs(used, {name: values[:n] for name, values in inputs.items()})
    np.testing.assert_array_equal(*(batch_outputs(model, inputs) for model in (fresh, used)))


def test_a_graph_reads_the_weights_of_now(rng):
    mfcc = keras.Input((2,), name="mfcc")
    model = keras.Model({"mfcc": mfcc}, keras.layers.Dense(2, use_bias=False)(mfcc))
    values = rng.random((3, 2)).astype("float32")
    for scale in (1.0, 2.0):
        model.set_weights([scale * np.eye(2)])
        np.testing.assert_allclose(batch_outputs(model, {"mfcc": values}), scale * values)


def test_what_is_compiled_for_a_model_goes_with_it(rng):
    mfcc = keras.Input((2,), name="mfcc")
    model = keras.Model({"mfcc": mfcc}, keras.layers.Dense(2)(mfcc))
    batch_outputs(model, {"mfcc": rng.random((3, 2)).astype("float32")})
    known = weakref.ref(model)
    del model, mfcc
    keras.backend.clear_session()
    gc.collect()
    assert known() is None


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
