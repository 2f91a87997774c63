import zlib

import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.clips import to_inputs
from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.features.augment import Augment
from speechsent.features.mfcc import Mfcc
from speechsent.fusion import fusion_head, late_fusion
from speechsent.training.embeddings import (
    Embedded,
    HeadBatches,
    embed_clips,
    embed_training,
    head_outputs,
)
from speechsent.training.inference import clip_outputs


@pytest.fixture
def branches(make_branches):
    return make_branches()


def head_for(branches):
    widths = {name: branch.output_shape[-1] for name, branch in branches.items()}
    return fusion_head(widths, answer=Classes(3), units=4)


def test_cached_embeddings_give_the_fused_models_output(branches, make_clips):
    clips, head = make_clips(5, n_frames=30), head_for(branches)
    cached = head_outputs(head, embed_clips(branches, clips))
    np.testing.assert_allclose(cached, clip_outputs(late_fusion(branches, head), clips), atol=1e-6)


def test_training_clips_are_embedded_as_often_as_asked(branches, make_clips):
    clips = make_clips(7)
    options = TrainingOptions(batch_size=3, augment=Augment(), mfcc=Mfcc(n_mfcc=2, n_deltas=0))
    batches = TrainingBatches(clips, options)
    embedded = embed_training(branches, batches, 2)
    assert embedded.owners.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]
    name = zlib.crc32(clips.ids[4].encode())
    for copy in (1, 2):
        window = to_inputs([batches.augmented(4, copy, stream=name)])
        for branch, view in (("lstm", "mfcc"), ("cnn", "image")):
            expected = branches[branch]({view: window[view]})[0]
            row = embedded.embeddings[branch][2 * 4 + copy - 1]
            np.testing.assert_allclose(row, expected, atol=1e-6)
    assert np.ptp(embedded.embeddings["cnn"][[8, 9]], axis=0).max() > 0


def test_copies_of_a_clip_are_the_same_in_another_fold(branches, make_clips):
    options = TrainingOptions(batch_size=3, augment=Augment(), mfcc=Mfcc(n_mfcc=2, n_deltas=0))
    clips = make_clips(9)
    one = embed_training(branches, TrainingBatches(clips.subset(range(6)), options), 2)
    other = embed_training(branches, TrainingBatches(clips.subset([8, 5, 2]), options), 2)
    for name in branches:
        np.testing.assert_allclose(
            one.embeddings[name][10:12], other.embeddings[name][2:4], atol=1e-6
        )


def test_a_network_behind_frozen_outputs_replaces_only_its_own(branches, make_clips):
    embedded = embed_clips(branches, make_clips(4))
    inputs = keras.Input((5,), name="pooled")
    doubled = embedded.through({"cnn": keras.Model({"pooled": inputs}, 2 * inputs)})
    np.testing.assert_allclose(doubled.embeddings["cnn"], 2 * embedded.embeddings["cnn"])
    assert doubled.embeddings["lstm"] is embedded.embeddings["lstm"]


@pytest.fixture
def embedded(rng):
    """Eight windows of four clips; the first number of each embedding is the window's own."""
    cnn = np.repeat(np.arange(8.0)[:, None], 3, axis=1)
    return Embedded(
        embeddings={"cnn": cnn, "lstm": rng.random((8, 2))},
        owners=np.arange(8) % 4,
        classes=np.array([0, 1, 2, 1]),
        n_classes=3,
    )


def epoch_of(batches):
    return [batches[step] for step in range(len(batches))]


def test_head_batches_keep_windows_classes_and_weights_together(embedded):
    weights = np.array([10.0, 11, 12, 13])
    batches = HeadBatches(embedded, weights, batch_size=4, seed=0)
    seen = []
    for inputs, targets, clip_weights in epoch_of(batches):
        windows = inputs["cnn"][:, 0].astype(int)
        seen += windows.tolist()
        np.testing.assert_array_equal(inputs["lstm"], embedded.embeddings["lstm"][windows])
        np.testing.assert_array_equal(targets.argmax(axis=1), embedded.classes[windows % 4])
        np.testing.assert_array_equal(clip_weights, 10 + windows % 4)
    assert sorted(seen) == list(range(8))


def test_the_order_of_head_batches_is_a_function_of_seed_and_epoch(embedded):
    one, other = (HeadBatches(embedded, np.ones(4), batch_size=8, seed=2) for _ in range(2))
    first, again = one[0][0]["cnn"], other[0][0]["cnn"]
    np.testing.assert_array_equal(first, again)
    one.start(one.epoch + 1)
    assert (one[0][0]["cnn"] != first).any()
    other.start(other.epoch + 1)
    np.testing.assert_array_equal(one[0][0]["cnn"], other[0][0]["cnn"])


def test_windows_fewer_than_a_batch_are_one_batch(embedded):
    assert len(HeadBatches(embedded, np.ones(4), batch_size=100, seed=0)) == 1


def test_what_is_fed_are_the_batches_in_their_order(embedded):
    """Epoch by epoch, as Keras asks for it: the epoch is set before the data are read."""
    fed, batches = (HeadBatches(embedded, np.arange(4.0), batch_size=3, seed=1) for _ in range(2))
    data = fed.feed()
    for epoch in (0, 1, 2, 1):
        fed.start(epoch)
        batches.start(epoch)
        found = list(data)
        assert len(found) == len(batches) == 2
        for step, (inputs, targets, weights) in enumerate(found):
            expected = batches[step]
            for name in inputs:
                np.testing.assert_array_equal(inputs[name], expected[0][name].astype("float32"))
            np.testing.assert_array_equal(targets, expected[1])
            np.testing.assert_array_equal(weights, expected[2])
