"""Explanations of networks made so that the right place is known."""

import keras
import numpy as np
import pytest
from keras import layers

from speechsent.clips import Clips
from speechsent.features.standardize import Statistics
from speechsent.fusion import OUTPUT
from speechsent.report.attribution import STEPS, Explainer

N_FRAMES, N_MELS, N_COEFFICIENTS = 40, 16, 3
HEARD = slice(25, 30)


def bright_or_dark() -> tuple[dict[str, keras.Model], keras.Model]:
    """Two channels, one that sees bright places and one dark ones; class 0 is bright."""
    image = keras.Input((N_MELS, N_FRAMES, 1), name="image")
    conv = layers.Conv2D(2, 1)
    x = layers.GlobalAveragePooling2D()(layers.ReLU()(conv(image)))
    branch = keras.Model({"image": image}, x, name="cnn")
    conv.set_weights([np.array([[[[1.0, -1.0]]]]), np.array([-0.5, 0.5])])
    answer = layers.Dense(2, activation="softmax", name=OUTPUT)
    model = keras.Model({"image": image}, answer(branch({"image": image})))
    answer.set_weights([np.eye(2), np.zeros(2)])
    return {"cnn": branch}, model


def hears_a_few_frames() -> tuple[dict[str, keras.Model], keras.Model]:
    """The answer is the sum of a few frames: times 1 for class 0, times -1 for class 1."""
    mfcc = keras.Input((N_FRAMES, N_COEFFICIENTS), name="mfcc")
    summed = layers.Dense(1, use_bias=False)
    branch = keras.Model({"mfcc": mfcc}, summed(layers.Flatten()(mfcc)), name="lstm")
    kernel = np.zeros((N_FRAMES, N_COEFFICIENTS))
    kernel[HEARD] = 1
    summed.set_weights([kernel.reshape(-1, 1)])
    answer = layers.Dense(2, activation="softmax", name=OUTPUT)
    model = keras.Model({"mfcc": mfcc}, answer(branch({"mfcc": mfcc})))
    answer.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
    return {"lstm": branch}, model


@pytest.mark.parametrize(("chosen", "place"), [(0, (3, 8)), (1, (12, 30))])
def test_grad_cam_points_at_what_speaks_for_the_class(chosen, place):
    image = np.full((1, N_MELS, N_FRAMES, 1), 0.5, np.float32)
    image[0, 3, 8], image[0, 12, 30] = 1, 0
    maps, times = Explainer(*bright_or_dark()).windows({"image": image}, np.array([chosen]))
    assert times is None
    assert np.unravel_index(maps[0].argmax(), maps[0].shape) == place
    assert np.count_nonzero(maps) == 1


def test_integrated_gradients_of_a_sum_are_its_summands(rng):
    """Of a linear network they are known exactly, and they add up to the answer."""
    mfcc = rng.normal(size=(3, N_FRAMES, N_COEFFICIENTS)).astype(np.float32)
    maps, times = Explainer(*hears_a_few_frames()).windows({"mfcc": mfcc}, np.array([0, 0, 1]))
    assert maps is None
    summands = np.zeros((3, N_FRAMES))
    summands[:, HEARD] = mfcc[:, HEARD].sum(axis=2)
    summands[2] *= -1
    np.testing.assert_allclose(times, summands, atol=1e-5)


def test_integrated_gradients_add_up_to_what_the_clip_changes(rng):
    """Completeness (Sundararajan et al. 2017), on a network that is not linear."""
    mfcc = keras.Input((N_FRAMES, N_COEFFICIENTS), name="mfcc")
    hidden = layers.Dense(4, activation="tanh")(layers.Flatten()(mfcc))
    branch = keras.Model({"mfcc": mfcc}, hidden, name="lstm")
    answer = layers.Dense(2, activation="softmax", name=OUTPUT)
    model = keras.Model({"mfcc": mfcc}, answer(branch({"mfcc": mfcc})))
    x = rng.normal(size=(1, N_FRAMES, N_COEFFICIENTS)).astype(np.float32) / 3
    _, times = Explainer({"lstm": branch}, model).windows({"mfcc": x}, np.array([1]))

    def logit(values):
        p = np.log(np.asarray(model({"mfcc": values})))[0]
        return p[1] - p.mean()

    assert times.sum() == pytest.approx(logit(x) - logit(0 * x), abs=0.02)
    assert STEPS >= 8


@pytest.mark.parametrize("n_frames", [N_FRAMES // 2, N_FRAMES, 2 * N_FRAMES + 5])
def test_clips_of_any_length_are_explained_on_their_own_frames(n_frames, rng):
    values = rng.normal(size=(n_frames, N_COEFFICIENTS)).astype(np.float32)
    plain = Statistics(np.zeros(N_COEFFICIENTS, np.float32), np.ones(N_COEFFICIENTS, np.float32))
    clips = Clips({"mfcc": [values]}, {"mfcc": [plain]}, np.array([0]), 2, N_FRAMES, ("clip",))
    (found,) = Explainer(*hears_a_few_frames()).clips(clips, np.array([0]))
    assert found.image is None
    assert found.time.shape == (n_frames,)
    assert np.abs(found.time).max() == pytest.approx(1 if n_frames > HEARD.start else 0)
