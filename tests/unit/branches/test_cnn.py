import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.branches.batchnorm import batchnorm_layers, reestimate
from speechsent.branches.cnn import CnnBranch, thaw
from speechsent.errors import ParameterError
from speechsent.fusion import classifier


def pretrained(**changes):
    """A branch whose backbone counts as pretrained, although no file is read."""
    changes = {
        "backbone": "inceptionv3",
        "image_size": 16,
        "dropout": 0.0,
        "embedding": 4,
    } | changes
    return CnnBranch(**changes).build((8, 12))


def images(rng, n=16):
    return rng.random((n, 8, 12, 1)).astype("float32")


def train(branch, rng, *, epochs=2):
    """Fit a classifier on the branch; return it with a batch to look at."""
    model = classifier(branch, answer=Classes(2), dropout=0.0)
    model.compile(keras.optimizers.SGD(0.1), "categorical_crossentropy")
    inputs, targets = images(rng), np.eye(2)[np.arange(16) % 2]
    model.fit({"image": inputs}, targets, epochs=epochs, batch_size=8, verbose=0)
    return model, inputs


def statistics(model):
    return [
        values
        for layer in batchnorm_layers(model)
        for values in (layer.moving_mean.numpy(), layer.moving_variance.numpy())
    ]


def trained_layers(model):
    return {variable.path.split("/")[0] for variable in model.trainable_variables}


def test_the_compact_network_takes_one_channel(rng):
    branch = CnnBranch(stem=(4, 6), channels=7, embedding=5).build((8, 12))
    assert branch.input_shape == (None, 8, 12, 1)
    assert branch({"image": images(rng)}).shape == (16, 5)


def test_the_blocks_of_older_runs_take_one_channel(rng):
    branch = CnnBranch(backbone="blocks", filters=(4, 6), embedding=5).build((8, 12))
    assert branch.input_shape == (None, 8, 12, 1)
    assert branch({"image": images(rng)}).shape == (16, 5)


@pytest.mark.parametrize("backbone", ["inceptionv3", "vgg16", "vgg19"])
def test_an_imagenet_network_takes_one_channel(backbone, rng):
    size = 75 if backbone == "inceptionv3" else 32
    branch = CnnBranch(backbone=backbone, weights="none", image_size=size, embedding=5)
    model = branch.build((8, 12))
    assert model.input_shape == (None, 8, 12, 1)
    assert model.get_layer(backbone).input_shape == (None, size, size, 3)
    assert model({"image": images(rng, n=2)}).shape == (2, 5)


def test_an_image_too_small_for_the_compact_network_is_refused():
    with pytest.raises(ParameterError, match="7 x 12 is too small for 2 convolutions"):
        CnnBranch().build((7, 12))
    with pytest.raises(ParameterError, match="8 x 12 is too small for 4 blocks"):
        CnnBranch(backbone="blocks").build((8, 12))


def test_random_weights_are_all_trained():
    branch = CnnBranch(backbone="vgg16", weights="none", image_size=32).build((8, 12))
    assert not branch.non_trainable_weights
    assert len(branch.trainable_weights) == 13 * 2 + 2


def test_batchnorm_from_random_weights_trains_whatever_the_policy(tiny_inception, rng):
    branch = pretrained(weights="none", bn="frozen")
    before = statistics(branch)
    train(branch, rng)
    assert all((a != b).any() for a, b in zip(statistics(branch), before, strict=True))


def test_a_pretrained_network_is_frozen_by_default():
    branch = CnnBranch(backbone="vgg16", image_size=32).build((8, 12))
    assert trained_layers(branch) == {"cnn_embedding"}


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("block5", {"block5_conv1", "block5_conv2", "block5_conv3"}),
        ("block5_conv2", {"block5_conv2", "block5_conv3"}),
        ("block5_pool", set()),
    ],
)
def test_vgg_is_thawed_from_a_block_on(first, expected):
    """The three convolutions of block5: Simonyan, Zisserman (2015), configuration D."""
    branch = CnnBranch(backbone="vgg16", image_size=32, unfreeze=first).build((8, 12))
    assert trained_layers(branch) == {"cnn_embedding"} | expected
    assert len(branch.trainable_weights) == 2 * len(expected) + 2


def test_all_thaws_everything_but_batchnorm(tiny_inception):
    branch = pretrained(unfreeze="all")
    assert trained_layers(branch) == {"block1_conv", "block2_conv", "cnn_embedding"}


@pytest.fixture(scope="module")
def inception():
    return keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(75, 75, 3), name="inceptionv3"
    )


@pytest.mark.parametrize(("train_batchnorm", "n_betas"), [(False, 0), (True, 18)])
def test_inception_is_thawed_from_mixed8_on(inception, train_batchnorm, n_betas):
    """Behind mixed8 lie blocks 9 and 10 of nine convolutions, each with a BatchNorm.

    By hand from the published figure: 1x1; 1x1, 3x3 split in two; 1x1, 3x3, 3x3 split in two;
    and 1x1 behind the pooling. BatchNorm has a beta and, in Keras's network, no gamma.
    """
    thaw(inception, "mixed8", train_batchnorm=train_batchnorm)
    kinds = [variable.name for variable in inception.trainable_variables]
    assert (kinds.count("kernel"), kinds.count("beta"), len(kinds)) == (18, n_betas, 18 + n_betas)
    assert sum(layer.trainable for layer in batchnorm_layers(inception)) == n_betas
    names = [layer.name for layer in inception.layers]
    behind = set(names[names.index("mixed8") :])
    assert trained_layers(inception) <= behind


def test_a_layer_without_a_name_is_the_same_in_every_network():
    """Keras calls it conv2d_1 in the first network that is built, and conv2d_4 in the second."""

    def base():
        x = image = keras.Input((8, 8, 3))
        for _ in range(3):
            x = keras.layers.Conv2D(2, 3, padding="same")(x)
        return keras.Model(image, keras.layers.ReLU(name="last_0")(x), name="net")

    for network in (base(), base()):
        thaw(network, "conv2d_1", train_batchnorm=False)
        assert [layer.trainable for layer in network.layers] == [False, False, True, True, True]
        thaw(network, "last_0", train_batchnorm=False)
        assert not network.trainable_variables


def test_thawing_again_forgets_the_former_setting(inception):
    thaw(inception, "all", train_batchnorm=True)
    thaw(inception, "", train_batchnorm=True)
    assert inception.trainable_variables == []


def test_an_unknown_block_is_refused_with_the_nearest_names():
    with pytest.raises(ParameterError, match=r"such as block5_.*Received: 'block5conv'"):
        CnnBranch(backbone="vgg16", image_size=32, unfreeze="block5conv").build((8, 12))


@pytest.mark.parametrize("unfreeze", ["", "block2", "all"])
def test_frozen_batchnorm_stays_to_the_last_bit(tiny_inception, rng, unfreeze):
    """Statistics unchanged by training, and both modes of the network the same function."""
    branch = pretrained(unfreeze=unfreeze, bn="frozen")
    before = statistics(branch)
    model, inputs = train(branch, rng)
    np.testing.assert_array_equal(statistics(branch), before)
    training = model({"image": inputs}, training=True)
    np.testing.assert_array_equal(training, model({"image": inputs}, training=False))


def test_trained_batchnorm_moves_where_layers_are_thawed(tiny_inception, rng):
    branch = pretrained(unfreeze="block2", bn="train")
    before = statistics(branch)
    model, inputs = train(branch, rng)
    moved = [(a != b).any() for a, b in zip(statistics(branch), before, strict=True)]
    assert moved == [False, False, True, True]
    training = model({"image": inputs}, training=True)
    assert np.abs(training - model({"image": inputs}, training=False)).max() > 1e-3


def test_reestimated_statistics_survive_training(tiny_inception, rng):
    branch = pretrained(unfreeze="block2", bn="reestimate")
    before = statistics(branch)
    reestimate(branch, [{"image": images(rng)}])
    measured = statistics(branch)
    assert all((a != b).any() for a, b in zip(measured, before, strict=True))
    train(branch, rng)
    np.testing.assert_array_equal(statistics(branch), measured)


@pytest.mark.slow
def test_inceptions_batchnorm_stays_to_the_last_bit(rng):
    """The same with the real network, unfrozen from its last block on."""
    branch = pretrained(image_size=75, unfreeze="mixed10", bn="frozen")
    before = statistics(branch)
    train(branch, rng, epochs=1)
    after = statistics(branch)
    assert len(after) == 2 * 94
    assert all(np.array_equal(a, b) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize(("rate", "n_dropouts"), [(0.0, 0), (0.2, 3)])
def test_blocks_drop_channels_only_where_asked(rate, n_dropouts):
    """All but the first of four."""
    branch = CnnBranch(backbone="blocks", block_dropout=rate).build((64, 32))
    dropouts = [
        layer for layer in branch.layers if isinstance(layer, keras.layers.SpatialDropout2D)
    ]
    assert [layer.rate for layer in dropouts] == [rate] * n_dropouts


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("backbone", "resnet", "backbone must be one of compact.*Received: 'resnet'"),
        ("bn", "half", "bn must be .*Received: bn='half'"),
        ("filters", (), "filters are 1 to 8 numbers"),
        ("filters", (8, 0), "filters are 1 to 8 numbers"),
        ("stem", (), "stem are 1 to 8 numbers"),
        ("channels", 0, "channels lie in"),
        ("dilations", (1, 0), "dilations are at most 8 numbers"),
        ("embedding", 0, r"embedding must lie in \[2, "),
        ("dropout", 1.0, "dropout must lie in"),
        ("block_dropout", -0.1, "block_dropout must lie in"),
    ],
)
def test_parameters_out_of_range_are_refused(field, value, message):
    with pytest.raises(ParameterError, match=message):
        CnnBranch(**{field: value})


@pytest.mark.parametrize(
    ("backbone", "weights", "expected"),
    [
        ("compact", "imagenet", False),
        ("blocks", "imagenet", False),
        ("vgg16", "none", False),
        ("vgg16", "imagenet", True),
        ("vgg16", "my.h5", True),
    ],
)
def test_only_foreign_weights_count_as_pretrained(backbone, weights, expected):
    assert CnnBranch(backbone=backbone, weights=weights).pretrained is expected
