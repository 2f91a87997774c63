from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss, mean_squared_error

from speechsent.answers import Classes, Numbers, answer_of
from speechsent.clips import Clips
from speechsent.datasets import TrainingBatches, TrainingOptions, balanced_weights
from speechsent.errors import ParameterError
from speechsent.features.augment import Augment
from speechsent.features.standardize import Statistics


@pytest.fixture
def clips(rng):
    """Six clips of three emotions."""
    unchanged = Statistics(np.float32(0), np.float32(1))
    return Clips(
        views={"mfcc": list(rng.normal(size=(6, 8, 2)).astype("float32"))},
        statistics={"mfcc": [unchanged] * 6},
        classes=np.array([0, 1, 2, 0, 1, 2]),
        n_classes=3,
        n_window=8,
        ids=tuple("abcdef"),
    )


@pytest.fixture
def numbered(clips, rng):
    """The same clips with two numbers each."""
    return replace(clips, classes=np.zeros(6, int), n_classes=1, targets=rng.normal(size=(6, 2)))


def layer_of(answer):
    x = keras.Input((4,))
    return keras.Model(x, answer.layer(x, "out")).get_layer("out")


def test_clips_with_targets_ask_for_numbers(clips, numbered):
    assert clips.answer == Classes(3)
    assert numbered.answer == answer_of(numbered) == Numbers(2)


def test_output_and_loss_fit_each_other():
    classes, numbers = layer_of(Classes(3)), layer_of(Numbers(2))
    assert (classes.units, classes.activation.__name__) == (3, "softmax")
    assert (numbers.units, numbers.activation.__name__) == (2, "linear")
    assert isinstance(Classes(3).loss(0.1), keras.losses.CategoricalCrossentropy)
    assert isinstance(Numbers(2).loss(0.1), keras.losses.MeanSquaredError)


def test_a_classifier_needs_two_classes():
    with pytest.raises(ParameterError, match=r"two or more classes\. Received: 1"):
        Classes(1)


def test_probabilities_are_judged_as_scikit_learn_does(clips, rng):
    outputs = rng.dirichlet([1, 1, 1], size=6)
    loss, uar = clips.answer.judge(outputs, clips)
    assert loss == pytest.approx(log_loss(clips.classes, outputs))
    assert uar == pytest.approx(balanced_accuracy_score(clips.classes, outputs.argmax(axis=1)))


def test_numbers_are_judged_by_squared_error_and_mean_ccc(numbered):
    """Twice the truth of zero mean and unit variance has a CCC of 2 * 2 / (1 + 4) = 0.8."""
    truth = np.array([[1.0, -1.0]] * 3 + [[-1.0, 1.0]] * 3)
    clips = replace(numbered, targets=truth)
    outputs = truth * [1, 2]
    loss, ccc = clips.answer.judge(outputs, clips)
    assert loss == pytest.approx(mean_squared_error(truth, outputs))
    assert ccc == pytest.approx((1 + 0.8) / 2)


def test_batches_hold_the_targets_of_their_clips(numbered):
    batches = TrainingBatches(numbered, TrainingOptions(batch_size=4))
    _, targets, weights = batches[0]
    np.testing.assert_allclose(targets, numbered.targets[batches.chosen(0)], rtol=1e-6)
    assert weights.tolist() == [1, 1, 1, 1]
    assert balanced_weights(numbered).tolist() == [1] * 6


def test_mixup_mixes_numbers_with_what_is_heard(numbered):
    """A clip whose values are its target sounds, when mixed, like its mixed target."""
    heard = [np.full((8, 2), values, "float32") for values in numbered.targets]
    clips = replace(numbered, views={"mfcc": heard})
    augment = Augment(
        mixup=0.4, time_masks=0, mel_masks=0, shift_frames=0, gain_db=0.0, tempo=0.0, warp=0.0
    )
    batches = TrainingBatches(clips, TrainingOptions(batch_size=6, augment=augment))
    inputs, targets, _ = batches[0]
    plain = numbered.targets[batches.chosen(0)]
    np.testing.assert_allclose(inputs["mfcc"][:, 0], targets, atol=1e-5)
    assert not np.allclose(targets, plain, atol=1e-3)


def test_clips_keep_their_targets_in_a_subset(numbered):
    some = numbered.subset([4, 1])
    np.testing.assert_array_equal(some.targets, numbered.targets[[4, 1]])
    assert some.asked(0) == str(numbered.targets[4].tolist())
