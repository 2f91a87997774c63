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
    assert (finding.name, finding.severity) == ("channels-all-zero", "note")
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


def test_one_input_that_is_always_the_same_beside_another(names, features, numbers):
    """A mask of ones, because no sample of this corpus is short."""
    inputs = [keras.Input((5,)), keras.Input((4,), name="mask")]
    joined = layers.Concatenate()([layers.Dense(8, "relu")(inputs[0]), inputs[1]])
    model = keras.Model(inputs, layers.Dense(3, "softmax")(joined))
    ones = np.ones((60, 4), "float32")
    diagnosis = examine(model, [features, ones], numbers, loss=LOSS)
    assert names(diagnosis) == []
    assert [(f.name, f.at) for f in diagnosis.findings] == [("inputs-all-alike", "mask")]
    both = examine(model, [np.repeat(features[:1], 60, axis=0), ones], numbers, loss=LOSS)
    assert names(both).count("inputs-all-alike") == 2


def test_tokens_for_an_embedding_of_ones_own_may_be_large(network, names, rng, numbers):
    class Tokens(layers.Layer):
        def __init__(self):
            super().__init__()
            self.table = layers.Embedding(2000, 4)

        def build(self, shape):
            self.table.build(shape)

        def call(self, inputs):
            return self.table(inputs)

    keras.utils.set_random_seed(0)
    stack = [Tokens(), layers.Flatten(), layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((4,), dtype="int32"), *stack])
    assert names(examine(model, rng.integers(0, 2000, (60, 4)), numbers, loss=LOSS)) == []
