import re

import keras
import numpy as np
import pytest
from keras import layers

from speechsent.doctor import examine


def pretrained(*, frozen_conv=True, pin=True, mean=0.0, variance=4.0):
    """A base with BatchNorm statistics of its own, partly frozen, and a new head."""
    base = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, name="conv", use_bias=False, kernel_initializer="ones"),
            layers.BatchNormalization(name="bn"),
        ]
    )
    base.get_layer("bn").moving_mean.assign(np.full(4, mean))
    base.get_layer("bn").moving_variance.assign(np.full(4, variance))
    base.get_layer("conv").trainable = not frozen_conv
    base.get_layer("bn").trainable = not pin
    inputs = keras.Input((8, 8, 1))
    pooled = layers.GlobalAveragePooling2D()(base(inputs))
    return keras.Model(inputs, layers.Dense(3, "softmax")(pooled))


def test_batchnorm_that_trains_in_a_pretrained_base(names):
    (finding,) = examine(pretrained(pin=False)).errors
    assert (finding.name, finding.at) == ("batchnorm-trains-in-pretrained", "bn")
    assert names(examine(pretrained(pin=True))) == []


def test_batchnorm_from_scratch_may_train(network, names):
    model = network(
        (8, 8, 1),
        layers.Conv2D(4, 3),
        layers.BatchNormalization(),
        layers.Flatten(),
        layers.Dense(3),
    )
    assert names(examine(model, batch_size=32, steps=1000)) == []


def test_a_model_trained_from_scratch_may_go_on(names):
    """Nothing is frozen and no known network is in it: these statistics are its own."""
    assert names(examine(pretrained(frozen_conv=False, pin=False))) == []


def test_batches_too_small_for_batchnorm(network, names):
    model = network((5,), layers.Dense(4), layers.BatchNormalization(), layers.Dense(3, "softmax"))
    assert names(examine(model, batch_size=4)) == ["batch-too-small-for-batchnorm"]
    assert names(examine(model, batch_size=8)) == []
    assert names(examine(pretrained(pin=True), batch_size=4)) == []


@pytest.mark.parametrize(("steps", "settled"), [(22, "20%"), (80, "55%"), (220, "89%")])
def test_how_far_momentum_settles(network, steps, settled):
    """1 - 0.99**22 = 0.198, 1 - 0.99**80 = 0.552, 1 - 0.99**220 = 0.890."""
    model = network((5,), layers.Dense(4), layers.BatchNormalization(), layers.Dense(3, "softmax"))
    (finding,) = examine(model, steps=steps).findings
    assert finding.name == "batchnorm-not-settled"
    assert finding.seen.endswith(f"{settled} settled")


def test_a_lower_momentum_settles_in_time(network, names):
    quick = layers.BatchNormalization(momentum=0.9)
    assert names(examine(network((5,), layers.Dense(4), quick, layers.Dense(3)), steps=80)) == []


@pytest.mark.parametrize(
    ("between", "rate", "caught"),
    [
        ([], 0.5, True),
        ([], 0.1, True),
        ([], 0.0, False),
        ([layers.Flatten()], 0.5, True),
        ([layers.Dense(16)], 0.5, True),
        ([layers.Dense(16)], 0.2, False),
        ([layers.Dense(256)], 0.5, False),
        ([layers.Dense(16), layers.Dense(16)], 0.5, False),
    ],
)
def test_dropout_before_batchnorm(network, names, between, rate, caught):
    """A narrow layer passes the changed variance on; a wide one, or two, average it away."""
    copies = [type(la).from_config(la.get_config()) for la in between]
    model = network(
        (5,), layers.Dropout(rate), *copies, layers.BatchNormalization(), layers.Dense(3, "softmax")
    )
    assert names(examine(model)) == (["dropout-before-batchnorm"] if caught else [])


@pytest.mark.parametrize("kind", [layers.GaussianDropout, layers.SpatialDropout1D])
def test_dropout_of_other_kinds_before_batchnorm(network, names, kind):
    """By Keras's documentation noise of deviation sqrt(rate / (1 - rate)): the same variance."""
    model = network(
        (4, 5), kind(0.5), layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)
    )
    assert names(examine(model)) == ["dropout-before-batchnorm"]


def test_dropout_behind_the_last_batchnorm_is_right(network, names):
    model = network(
        (5,), layers.Dense(8), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(3)
    )
    assert names(examine(model)) == []


def test_the_variance_behind_dropout_is_what_is_told(rng):
    """Zero-mean inputs: the variance of inference is 1 - rate of that of training."""
    x = rng.normal(size=(20_000, 1)).astype("float32")
    dropped = layers.Dropout(0.5, seed=1)(x, training=True).numpy()
    assert x.var() / dropped.var() == pytest.approx(0.5, abs=0.03)


def test_statistics_of_other_data(names, rng):
    """The kernel adds nine pixels of variance 1: variance 9, mean 9 times that of a pixel."""
    x = rng.normal(size=(64, 8, 8, 1)).astype("float32")
    assert names(examine(pretrained(variance=9.0), x)) == []
    (finding,) = examine(pretrained(variance=9.0), x + 1).findings
    assert finding.name == "batchnorm-off-distribution"
    moved, ratio = (float(figure) for figure in re.findall(r"\d+(?:\.\d+)?", finding.seen))
    assert moved == pytest.approx(3, abs=0.3)
    assert ratio == pytest.approx(1, abs=0.2)
    assert names(examine(pretrained(variance=36.0), x)) == ["batchnorm-off-distribution"]


def test_statistics_that_were_never_measured_are_not_compared(network, names, rng):
    model = network((5,), layers.BatchNormalization(), layers.Dense(3))
    assert names(examine(model, rng.normal(3, 2, (64, 5)))) == []


def test_batchnorm_inside_other_layers_is_seen(network, names):
    """The same base, for each of three images: what is told of one is told of it."""
    base = pretrained(pin=False)
    model = network((3, 8, 8, 1), layers.TimeDistributed(base), layers.LSTM(2), layers.Dense(3))
    found = names(examine(model, batch_size=4, steps=20))
    assert found == [
        "batchnorm-trains-in-pretrained",
        "batch-too-small-for-batchnorm",
        "batchnorm-not-settled",
    ]


def test_padding_that_batchnorm_leaves_out_is_no_other_data(network, names, rng):
    """Statistics as ``fit`` has made them, of frames that are not masked: mean 2, variance 1."""
    x = rng.normal(2, 1, (64, 10, 5)).astype("float32")
    x[:, 3:] = 0
    model = network((10, 5), layers.Masking(), layers.BatchNormalization(name="bn"), layers.LSTM(3))
    layer = model.get_layer("bn")
    layer.moving_mean.assign(np.full(5, 2.0))
    layer.moving_variance.assign(np.full(5, 1.0))
    assert names(examine(model, x)) == []


def test_ones_own_network_may_go_on_although_a_part_of_it_is_frozen(names, rng):
    """An embedding from elsewhere, frozen, and BatchNorm that has learnt of this very data."""
    model = pretrained(pin=False, variance=9.0)
    x = rng.normal(size=(64, 8, 8, 1)).astype("float32")
    assert names(examine(model, x)) == []
    assert names(examine(model, x + 1))[0] == "batchnorm-trains-in-pretrained"
