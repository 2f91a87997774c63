import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from speechsent.clips import Clips, evaluation_batches, to_inputs, window_starts
from speechsent.datasets import TrainingBatches, TrainingOptions, balanced_weights
from speechsent.errors import ParameterError
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.features.standardize import Statistics

N_MELS, N_WINDOW = 8, 12
MFCC = Mfcc(n_mfcc=2, n_deltas=0, width=3)
NO_CHANGE = Statistics(np.float32(0), np.float32(1))
QUIET = Augment(
    tempo=0.0, warp=0.0, time_masks=0, mel_masks=0, shift_frames=0, gain_db=0.0, noise=0.0
)  # an augmentation that changes nothing until asked to


def clips_of(lengths, classes=None, *, statistics=NO_CHANGE, n_classes=3):
    """Clips whose every value tells the clip (hundreds) and the frame, counted from 1."""
    frames = [100 * clip + 1 + np.arange(n, dtype="f4") for clip, n in enumerate(lengths)]
    views = {
        "log_mel": [np.repeat(f[:, None], N_MELS, axis=1) for f in frames],
        "mfcc": [np.repeat(f[:, None], 2, axis=1) for f in frames],
    }
    return Clips(
        views=views,
        statistics={view: [statistics] * len(lengths) for view in views},
        classes=np.arange(len(lengths)) % n_classes if classes is None else np.array(classes),
        n_classes=n_classes,
        n_window=N_WINDOW,
        ids=tuple(f"{i}.wav@0" for i in range(len(lengths))),
    )


def batches_of(clips, **options):
    return TrainingBatches(clips, TrainingOptions(**{"batch_size": 4, "mfcc": MFCC} | options))


def order(batches):
    """Clips in the order in which an epoch gives them, read off the first frame's value."""
    firsts = [batches[step][0]["mfcc"][:, 0, 0] for step in range(len(batches))]
    return [int(value // 100) for value in np.concatenate(firsts)]


def contents(batches):
    """Everything in an epoch, as one list of arrays."""
    epoch = [batches[step] for step in range(len(batches))]
    return [
        values
        for inputs, targets, weights in epoch
        for values in (inputs["image"], inputs["mfcc"], targets, weights)
    ]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(contents(one), contents(other), strict=True))


def window_of(clips, clip, first):
    """A standardised window of the features as they are stored."""
    return clips.window(clip, first, clips.raw(clip))


def test_a_window_is_zero_behind_the_end():
    window = window_of(clips_of([5]), 0, 0)["mfcc"]
    np.testing.assert_array_equal(window[:, 0], [1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0])


def test_a_window_starts_where_it_is_told():
    window = window_of(clips_of([20]), 0, 6)["log_mel"]
    np.testing.assert_array_equal(window[:, 0], np.arange(7, 19))


def test_padding_is_zero_after_standardising():
    clips = clips_of([5], statistics=Statistics(np.float32(3), np.float32(2)))
    window = window_of(clips, 0, 0)["mfcc"]
    np.testing.assert_array_equal(window[:, 1], [-1, -0.5, 0, 0.5, 1, 0, 0, 0, 0, 0, 0, 0])


def test_each_clip_has_statistics_of_its_own():
    clips = clips_of([12, 12])
    clips.statistics["mfcc"][1] = Statistics(np.float32(101), np.float32(10))
    np.testing.assert_array_equal(window_of(clips, 0, 0)["mfcc"][:, 0], np.arange(1, 13))
    np.testing.assert_allclose(window_of(clips, 1, 0)["mfcc"][:, 0], np.arange(12) / 10, rtol=1e-6)


def test_a_subset_keeps_everything_aligned():
    clips = clips_of([12, 13, 14], [0, 1, 2])
    clips.statistics["mfcc"][2] = Statistics(np.float32(200), np.float32(1))
    part = clips.subset([2, 0])
    assert part.ids == ("2.wav@0", "0.wav@0")
    assert part.classes.tolist() == [2, 0]
    assert [len(part.raw(i)["mfcc"]) for i in range(len(part))] == [14, 12]
    assert window_of(part, 0, 0)["mfcc"][0, 0] == 1


def test_the_model_reads_an_image_and_the_sequences():
    inputs = to_inputs([window_of(clips_of([12]), 0, 0)] * 3)
    shapes = {name: values.shape for name, values in inputs.items()}
    assert shapes == {"image": (3, N_MELS, N_WINDOW, 1), "mfcc": (3, N_WINDOW, 2)}
    assert inputs["image"].min() >= 0
    assert inputs["image"].max() <= 1


def test_an_epoch_has_every_clip_once():
    assert sorted(order(batches_of(clips_of([12] * 8)))) == list(range(8))


def test_the_order_differs_between_epochs():
    batches = batches_of(clips_of([12] * 16))
    first = order(batches)
    batches.start(batches.epoch + 1)
    assert order(batches) != first


def test_order_and_windows_depend_on_seed_and_epoch_alone():
    """Another object, which never saw the epochs before, gives the same epoch."""
    clips = clips_of([40] * 16)
    augment = Augment(mixup=0.4, noise=0.5)
    one, other = (batches_of(clips, seed=3, augment=augment) for _ in range(2))
    for _ in range(3):
        contents(one)
        one.start(one.epoch + 1)
    other.start(3)
    assert same(one, other)
    other.start(2)
    assert not same(one, other)
    assert not same(one, batches_of(clips, seed=4, augment=augment))


def test_the_last_smaller_batch_is_left_out():
    batches = batches_of(clips_of([12] * 11))
    assert len(batches) == 2
    assert len(set(order(batches))) == 8


def test_clips_fewer_than_a_batch_are_one_batch():
    assert sorted(order(batches_of(clips_of([12] * 3)))) == [0, 1, 2]


def test_no_clips_are_refused():
    with pytest.raises(ParameterError, match="at least one clip"):
        batches_of(clips_of([]))


@pytest.mark.parametrize(
    "augment",
    [
        Augment(time_masks=2, mel_masks=0, shift_frames=0, gain_db=0),
        Augment(time_masks=0, mel_masks=0, shift_frames=0, gain_db=3),
        Augment(time_masks=0, mel_masks=0, shift_frames=0, gain_db=0, noise=1),
        None,
    ],
    ids=["masks", "gain", "noise", "windows"],
)
def test_a_clip_looks_different_in_every_epoch(augment):
    batches = batches_of(clips_of([40, 40]), augment=augment)
    looks = []
    for epoch in range(6):
        batches.start(epoch)
        looks.append(batches.augmented(1)["mfcc"].tobytes())
    assert len(set(looks)) > 2
    batches.start(0)
    assert batches.augmented(1)["mfcc"].tobytes() == looks[0]


def test_copies_of_a_clip_differ():
    batches = batches_of(clips_of([40]), augment=Augment())
    assert len({batches.augmented(0, copy)["mfcc"].tobytes() for copy in range(1, 6)}) == 5


def test_augmenting_leaves_the_stored_features_alone():
    clips = clips_of([40])
    before = {view: values[0].copy() for view, values in clips.views.items()}
    batches_of(clips, augment=Augment(noise=1)).augmented(0)
    for view, values in before.items():
        np.testing.assert_array_equal(clips.views[view][0], values)


def test_both_views_of_a_training_window_start_at_the_same_frame():
    batches = batches_of(clips_of([60]))
    for epoch in range(5):
        batches.start(epoch)
        window = batches.augmented(0)
        np.testing.assert_array_equal(window["mfcc"][:, 0], window["log_mel"][:, 0])


def test_training_windows_of_long_clips_never_reach_behind_the_end():
    batches = batches_of(clips_of([30]), augment=QUIET)
    starts = set()
    for epoch in range(60):
        batches.start(epoch)
        window = batches.augmented(0)["mfcc"][:, 0]
        assert window.all()
        starts.add(int(window[0]))
    assert (min(starts), max(starts)) == (1, 19)


def test_every_output_gets_the_same_targets_and_weights():
    batches = batches_of(clips_of([12] * 4, [0, 2, 1, 2]), outputs=("emotion", "cnn"))
    _, targets, weights = batches[0]
    classes = [[0, 2, 1, 2][clip] for clip in order(batches)]
    for name in ("emotion", "cnn"):
        np.testing.assert_array_equal(targets[name], np.eye(3)[classes])
        assert weights[name].shape == (4,)


def test_no_two_outputs_share_memory():
    """TensorFlow may write into the arrays it is given, and so into another output's targets."""
    batches = batches_of(clips_of([12] * 4, [0, 2, 1, 2]), outputs=("emotion", "cnn"))
    for values in batches[0][1:]:
        assert not np.shares_memory(values["emotion"], values["cnn"])


def test_a_single_output_gets_targets_and_weights_without_a_name():
    inputs, targets, weights = batches_of(clips_of([12] * 4, [0, 2, 1, 2]))[0]
    assert set(inputs) == {"image", "mfcc"}
    assert targets.shape == (4, 3)
    assert weights.shape == (4,)


def test_only_the_inputs_asked_for_are_given():
    inputs, _, _ = batches_of(clips_of([12] * 4), inputs=("mfcc",))[0]
    assert set(inputs) == {"mfcc"}


def test_class_weights_by_hand():
    """Three clips of class 0 and one of class 1: 4 / (2 * 3) and 4 / (2 * 1)."""
    weights = balanced_weights(clips_of([12] * 4, [0, 0, 1, 0]))
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2, 2 / 3])


@given(st.lists(st.integers(0, 2), min_size=1, max_size=30))
def test_class_weights_are_those_of_scikit_learn(classes):
    weights = balanced_weights(clips_of([1] * len(classes), classes))
    np.testing.assert_allclose(weights, compute_sample_weight("balanced", classes))


def test_class_weights_can_be_switched_off():
    batches = batches_of(clips_of([12] * 4, [0, 0, 1, 0]), class_weights=False)
    np.testing.assert_array_equal(batches[0][2], np.ones(4))


def test_mixup_mixes_inputs_and_targets_in_the_same_share():
    """A clip's value and its class are both known, so the shares can be read off either."""
    clips = clips_of([12, 12], [0, 1], n_classes=2)
    for clip, values in enumerate(clips.views["mfcc"]):
        values[:] = clip  # class 1 is 1 and class 0 is 0, so a mixture is its share of class 1
    augment = Augment(
        time_masks=0, mel_masks=0, shift_frames=0, gain_db=0, tempo=0, warp=0, mixup=1.0
    )
    batches = batches_of(clips, augment=augment)
    mixed = 0
    for epoch in range(8):
        batches.start(epoch)
        inputs, targets, _ = batches[0]
        np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(inputs["mfcc"][:, 0, 0], targets[:, 1], atol=1e-6)
        mixed += int(((targets > 0.01) & (targets < 0.99)).any())
    assert mixed


@given(st.integers(1, 500), st.integers(2, 200))
def test_windows_cover_every_frame_and_overlap(n_frames, n_window):
    starts = window_starts(n_frames, n_window)
    covered = {frame for s in starts for frame in range(s, min(s + n_window, n_frames))}
    assert covered == set(range(n_frames))
    assert starts[-1] + n_window <= max(n_frames, n_window)
    assert max(np.diff(starts), default=0) <= n_window / 2 + 0.5


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_evaluation_sees_every_frame_of_every_clip(batch_size):
    lengths = [5, 12, 13, 40, 70]
    seen = {clip: set() for clip in range(len(lengths))}
    for inputs, owners in evaluation_batches(clips_of(lengths), batch_size=batch_size):
        assert len(owners) <= batch_size
        for window, owner in zip(inputs["mfcc"][:, :, 0], owners, strict=True):
            seen[owner] |= {int(value) - 100 * owner for value in window if value}
    assert seen == {clip: set(range(1, n + 1)) for clip, n in enumerate(lengths)}


def test_short_clips_are_evaluated_once():
    (inputs, owners), *more = evaluation_batches(clips_of([5, 12]))
    assert not more
    assert owners.tolist() == [0, 1]
    assert len(inputs["image"]) == 2


def test_evaluation_is_the_same_every_time():
    clips = clips_of([5, 40, 13])
    for (one, _), (other, _) in zip(
        evaluation_batches(clips), evaluation_batches(clips), strict=True
    ):
        np.testing.assert_array_equal(one["image"], other["image"])


def test_keras_is_fed_the_batches_of_the_epoch_and_told_how_large_they_are():
    """Of a step for any number of clips TensorFlow makes a slower one."""
    batches = batches_of(clips_of([12] * 10), augment=Augment(), batch_size=4)
    fed = batches.feed()
    sizes = {spec.shape[0] for spec in tf.nest.flatten(fed.element_spec)}
    assert sizes == {4}
    assert int(fed.cardinality()) == len(batches) == 2
    for epoch in (0, 3):
        batches.start(epoch)
        # All first: batches are made ahead, in memory that making one here would use as well.
        for step, found in enumerate(list(fed.as_numpy_iterator())):
            for mine, theirs in zip(
                tf.nest.flatten(batches[step]), tf.nest.flatten(found), strict=True
            ):
                np.testing.assert_array_equal(theirs, mine)


def test_nothing_of_a_long_clip_is_left_behind_a_short_one():
    batches = batches_of(clips_of([N_WINDOW] * 4 + [5] * 4))
    for epoch in range(4):  # long and short clips share the places in a batch
        batches.start(epoch)
        for step in range(len(batches)):
            inputs = batches[step][0]
            short = inputs["mfcc"][:, 0, 0] >= 400
            assert (inputs["mfcc"][short, 5:] == 0).all()
            assert (inputs["image"][short][:, :, 5:] == 0.5).all()
