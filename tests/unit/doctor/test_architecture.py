import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor import examine


def test_a_frozen_model_does_not_train(mlp, names):
    mlp.trainable = False
    assert names(examine(mlp, loss="categorical_crossentropy")) == ["nothing-trains"]


def frozen(layer):
    layer.trainable = False
    return layer


def test_what_is_frozen_before_it_was_trained(network):
    """The pretrained network of many reports, made with weights=None or never loaded."""
    base = keras.applications.MobileNetV2(
        weights=None, include_top=False, pooling="avg", input_shape=(32, 32, 3), alpha=0.35
    )
    model = network((32, 32, 3), frozen(base), layers.Dense(3, "softmax"))
    (finding,) = examine(model, loss="categorical_crossentropy").findings
    assert finding.name == "frozen-untrained"
    kinds = (layers.Conv2D, layers.BatchNormalization)  # a depthwise convolution is none of these
    n = sum(isinstance(layer, kinds) for layer in base.layers)
    assert finding.seen.startswith(f"{n} of {n} frozen layers")
    assert finding.at.startswith("Conv1, bn_Conv1, ")


def test_what_was_trained_or_loaded_before_it_was_frozen(network, names, features, one_hot):
    hidden = layers.Dense(8, "relu")
    model = network((5,), hidden, layers.Dense(3, "softmax"), loss="categorical_crossentropy")
    model.fit(features, one_hot, verbose=0)
    frozen(hidden)
    assert names(examine(model)) == []
    other = network((5,), frozen(layers.Dense(8, "relu")), layers.Dense(3, "softmax"))
    assert names(examine(other)) == ["frozen-untrained"]
    other.layers[0].set_weights(hidden.get_weights())
    assert names(examine(other)) == []


def test_filters_of_ones_own_are_meant_to_be_as_they_were_made(network, names):
    filters = np.eye(5, dtype="float32")
    for made in (keras.initializers.Constant(filters), lambda shape, dtype: filters):
        fixed = frozen(layers.Dense(5, kernel_initializer=made))
        assert names(examine(network((5,), fixed, layers.Dense(3, "softmax")))) == []


def test_batchnorm_that_is_frozen_before_it_saw_anything(network, names):
    pinned = frozen(layers.BatchNormalization())
    assert names(examine(network((5,), pinned, layers.Dense(3, "softmax")))) == ["frozen-untrained"]


@pytest.mark.parametrize("between", [[], [layers.Dropout(0.5)], [layers.Flatten()]])
def test_a_head_on_the_softmax_of_a_classifier(names, between):
    """The first version of the source project: a head on the 1,000 probabilities of ImageNet."""
    inputs = keras.Input((8,))
    base = keras.Sequential([keras.Input((8,)), layers.Dense(10, "softmax", name="answers")])
    x = base(inputs)
    for layer in between:
        x = type(layer).from_config(layer.get_config())(x)
    model = keras.Model(inputs, layers.Dense(3, "softmax", name="head")(x))
    (finding,) = examine(model, loss="categorical_crossentropy").findings
    assert (finding.name, finding.at) == ("head-on-probabilities", "head")
    assert "'answers', 10 numbers" in finding.seen


def test_a_head_on_the_softmaxes_of_two_branches(names):
    inputs = keras.Input((8,))
    joined = layers.Concatenate()([layers.Dense(4, "softmax")(inputs) for _ in range(2)])
    model = keras.Model(inputs, layers.Dense(3, "softmax")(joined))
    assert names(examine(model)) == ["head-on-probabilities"]


def test_attention_weights_are_no_answers(names):
    """A softmax that weighs a sum is what attention is."""
    inputs = keras.Input((6, 8))
    weights = layers.Softmax(axis=1)(layers.Dense(1)(inputs))
    pooled = layers.Dot(axes=1)([weights, inputs])
    model = keras.Model(inputs, layers.Dense(3, "softmax")(layers.Flatten()(pooled)))
    assert names(examine(model)) == []


def test_a_kernel_over_the_whole_image_is_a_note(network, names):
    """The 400 x 400 kernel of keras issue 1006, scaled down; inputs were guilty, not it."""
    model = network((16, 16, 1), layers.Conv2D(4, 16), layers.Flatten(), layers.Dense(2, "softmax"))
    assert names(examine(model), notes=True) == ["kernel-as-large-as-input"]
    usual = network((16, 16, 1), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2, "softmax"))
    assert names(examine(usual), notes=True) == []


@pytest.mark.parametrize("wrap", [lambda la: la, layers.Bidirectional])
def test_gates_of_keras_2(network, names, wrap):
    old = wrap(layers.LSTM(4, recurrent_activation="hard_sigmoid"))
    assert names(examine(network((6, 2), old, layers.Dense(2)))) == ["legacy-hard-sigmoid"]
    assert names(examine(network((6, 2), wrap(layers.LSTM(4)), layers.Dense(2)))) == []
