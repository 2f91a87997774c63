import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor import examine

LOSS = "sparse_categorical_crossentropy"


def test_standardised_inputs_are_clean(mlp, names, features, numbers):
    assert names(examine(mlp, features, numbers, loss=LOSS), notes=True) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_stop_the_examination_of_inputs(mlp, features, numbers, bad):
    features[[3, 8], 1] = bad
    (finding,) = examine(mlp, features, numbers, loss=LOSS).findings
    assert finding.name == "input-not-finite"
    assert finding.seen == "2 of 300 values NaN or infinite, in samples 3, 8"


def test_samples_that_are_all_alike(mlp, names, features, numbers):
    alike = np.repeat(features[:1], 60, axis=0)
    assert names(examine(mlp, alike, numbers, loss=LOSS))[0] == "inputs-all-alike"


def test_features_that_are_zero_throughout(mlp, features, numbers):
    features[:, [1, 4]] = 0
    (finding,) = examine(mlp, features, numbers, loss=LOSS).findings
    assert finding.name == "channels-all-zero"
    assert finding.seen == "2 of 5 features are 0 in every sample: 1, 4"


def test_pixels_from_0_to_255(network, rng, numbers):
    """The network of StackOverflow's 'flat after one epoch', scaled down."""
    model = network(
        (12, 12, 1),
        layers.Conv2D(4, 5, activation="relu"),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
        loss=LOSS,
    )
    images = rng.integers(0, 256, (60, 12, 12, 1)).astype("float32")
    finding = examine(model, images, numbers).findings[0]
    assert finding.name == "input-scale"
    assert f"mean {images.mean():.3g}" in finding.seen


@pytest.mark.parametrize(
    "first",
    [layers.Rescaling(1 / 127.5, -1), layers.BatchNormalization(), layers.LayerNormalization()],
)
def test_models_that_scale_their_inputs_themselves_are_clean(network, names, rng, numbers, first):
    images = rng.integers(0, 256, (60, 12, 12, 1)).astype("float32")
    model = network(
        (12, 12, 1),
        type(first).from_config(first.get_config()),
        layers.Conv2D(4, 5, activation="relu"),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
        loss=LOSS,
    )
    assert "input-scale" not in names(examine(model, images, numbers))


def test_pixels_from_0_to_1_are_well_enough(network, names, rng, numbers):
    model = network((12, 12, 1), layers.Flatten(), layers.Dense(3, "softmax"), loss=LOSS)
    assert names(examine(model, rng.random((60, 12, 12, 1)), numbers)) == []


def test_a_feature_that_hardly_varies_beside_its_mean(mlp, features, numbers):
    """Latitudes near 50.1: the constant regression of StackOverflow."""
    features[:, 2] = 0.002 * features[:, 2] + 1.0
    finding = examine(mlp, features, numbers, loss=LOSS).findings[0]
    assert finding.name == "input-scale"
    assert finding.seen == "1 of 5 features vary by less than 1% of their mean: 2"


def test_indices_of_an_embedding_may_be_large(network, names, rng, numbers):
    model = network(
        (4,), layers.Embedding(5000, 3), layers.Flatten(), layers.Dense(3, "softmax"), loss=LOSS
    )
    assert names(examine(model, rng.integers(0, 5000, (60, 4)), numbers)) == []


def test_each_branch_of_several_inputs_is_looked_at(names, rng, numbers):
    inputs = {name: keras.Input((5,), name=name) for name in ("near", "far")}
    joined = layers.Concatenate()(
        [layers.Dense(4, name=f"{name}_dense")(tensor) for name, tensor in inputs.items()]
    )
    model = keras.Model(inputs, layers.Dense(3, "softmax")(joined))
    x = {"near": rng.normal(size=(60, 5)), "far": rng.normal(50, 1, (60, 5))}
    findings = examine(model, x, numbers, loss=LOSS).findings
    assert [f.at for f in findings if f.name == "input-scale"] == ["what 'far_dense' reads"]
