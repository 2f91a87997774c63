"""Outputs of frozen branches are kept, found again, and never mistaken for others."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.features.augment import Augment
from speechsent.features.cache import FeatureCache
from speechsent.features.mfcc import Mfcc
from speechsent.training import embeddings
from speechsent.training.embeddings import embed_clips, embed_training
from speechsent.training.store import EmbeddingStore

OPTIONS = TrainingOptions(
    batch_size=4, augment=Augment(), mfcc=Mfcc(n_mfcc=2, n_deltas=0), n_mels=8
)


@pytest.fixture
def store(tmp_path):
    return EmbeddingStore(FeatureCache(tmp_path / "features"))


@pytest.fixture
def shown(monkeypatch):
    """Names of the branches that really were shown a batch."""
    names = []
    original = embeddings.batch_outputs
    monkeypatch.setattr(
        embeddings,
        "batch_outputs",
        lambda model, inputs, **how: names.append(model.name) or original(model, inputs, **how),
    )
    return names


def same(one, other):
    np.testing.assert_array_equal(one.owners, other.owners)
    for name in one.embeddings:
        np.testing.assert_array_equal(one.embeddings[name], other.embeddings[name])


def test_kept_outputs_are_the_computed_ones_and_no_branch_is_asked(
    make_branches, make_clips, store, shown
):
    branches, clips = make_branches(), make_clips(7, n_frames=30)
    fresh = embed_clips(branches, clips)
    same(embed_clips(branches, clips, store), fresh)
    shown.clear()
    same(embed_clips(branches, clips, store), fresh)
    assert shown == []


def test_augmented_copies_are_kept_as_well(make_branches, make_clips, store, shown):
    branches, batches = make_branches(), TrainingBatches(make_clips(7), OPTIONS)
    fresh = embed_training(branches, batches, 3, store)
    shown.clear()
    same(embed_training(branches, batches, 3, store), fresh)
    assert shown == []
    assert len(fresh.owners) == 21


@pytest.mark.parametrize(
    "change", ["seed", "copies", "augment", "epoch", "features", "window", "statistics"]
)
def test_whatever_changes_what_is_shown_is_computed_anew(
    change, make_branches, make_clips, store, shown
):
    branches, clips, options, copies = make_branches(), make_clips(7), OPTIONS, 2
    embed_training(branches, TrainingBatches(clips, options), copies, store)
    shown.clear()
    if change == "seed":
        options = replace(options, seed=1)
    elif change == "copies":
        copies = 1
    elif change == "augment":
        options = replace(options, augment=Augment(gain_db=1.0))
    elif change == "features":
        clips.views["mfcc"][3][2, 1] += 1e-3
    elif change == "window":
        weights = branches["lstm"].get_weights()
        branches = {"lstm": make_branches(n_window=11)["lstm"]}
        branches["lstm"].set_weights(weights)
        clips = replace(clips, n_window=11)
    elif change == "statistics":
        other = replace(clips.statistics["mfcc"][0], scale=np.float32(2))
        clips = replace(clips, statistics={**clips.statistics, "mfcc": [other] * 7})
    batches = TrainingBatches(clips, options)
    if change == "epoch":
        batches.start(1)
    embed_training(branches, batches, copies, store)
    assert shown


def test_a_changed_weight_is_computed_anew_and_the_other_branch_is_not(
    make_branches, make_clips, store, shown
):
    branches, clips = make_branches(), make_clips(7)
    embed_clips(branches, clips, store)
    shown.clear()
    bias = branches["cnn"].get_layer("cnn_embedding").bias
    bias.assign(bias + 1e-3)
    changed = embed_clips(branches, clips, store)
    assert set(shown) == {branches["cnn"].name}
    same(changed, embed_clips(branches, clips))


def test_another_fold_is_computed_only_where_it_has_other_clips(
    make_branches, make_clips, store, monkeypatch
):
    branches, clips = make_branches(), make_clips(9)
    batches = TrainingBatches(clips.subset(range(6)), OPTIONS)
    embed_training(branches, batches, 2, store)
    sizes = []
    original = embeddings.batch_outputs
    monkeypatch.setattr(
        embeddings,
        "batch_outputs",
        lambda model, inputs, **how: (
            sizes.append(len(next(iter(inputs.values())))) or original(model, inputs, **how)
        ),
    )
    other = TrainingBatches(clips.subset([7, 5, 3, 1]), OPTIONS)
    found = embed_training(branches, other, 2, store)
    assert sizes == [2, 2]  # two copies of the one new clip, for each branch
    monkeypatch.undo()
    fresh = embed_training(branches, other, 2)
    same(found, fresh)


def test_a_clip_of_another_name_has_other_copies(make_branches, make_clips, store, shown):
    branches, clips = make_branches(), make_clips(4)
    embed_training(branches, TrainingBatches(clips, OPTIONS), 2, store)
    shown.clear()
    renamed = replace(clips, ids=tuple(f"other/{name}" for name in clips.ids))
    embed_training(branches, TrainingBatches(renamed, OPTIONS), 2, store)
    assert shown


def test_the_same_weights_in_another_architecture_are_another_branch(make_clips, store, shown):
    """A fully convolutional network has the same variables whatever its image's size."""

    def branch(size):
        image = keras.Input((8, 12, 1), name="image")
        x = keras.layers.Resizing(size, size)(image)
        x = keras.layers.Conv2D(3, 3, kernel_initializer="ones", name="same")(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model({"image": image}, x, name="branch")

    clips = make_clips(3)
    for size in (16, 8):
        shown.clear()
        found = embed_clips({"cnn": branch(size)}, clips, store)
        assert shown
        same(found, embed_clips({"cnn": branch(size)}, clips))


def test_damaged_outputs_are_computed_anew(make_branches, make_clips, store, shown):
    branches, clips = make_branches(), make_clips(7)
    fresh = embed_clips(branches, clips, store)
    for path in store.cache.folder.glob("*/*.pack"):
        data = bytearray(path.read_bytes())
        data[-3] ^= 0xFF
        path.write_bytes(data)
    shown.clear()
    same(embed_clips(branches, clips, store), fresh)
    assert set(shown) == {branch.name for branch in branches.values()}


def test_they_count_and_are_pruned_with_the_features(make_branches, make_clips, store):
    embed_clips(make_branches(), make_clips(7), store)
    assert store.cache.info().n_packs == 2
    assert store.cache.prune(0).n_packs == 0
