"""Networks from problem reports, scaled down: what was wrong must be told first."""

import numpy as np
from keras import layers
from keras.initializers import Constant

from speechsent.doctor import examine

SPARSE = "sparse_categorical_crossentropy"


def test_flat_after_one_epoch(network, names, rng):
    """Two outputs without softmax, pixels from 0 to 255."""
    model = network(
        (16, 16, 3),
        layers.Conv2D(4, 5, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(2),
        loss="categorical_crossentropy",
    )
    images = rng.integers(0, 256, (40, 16, 16, 3)).astype("float32")
    found = names(examine(model, images, np.eye(2)[np.arange(40) % 2]))
    assert found[:2] == ["output-not-probabilities", "input-scale"]


def test_accuracy_frozen_by_large_inputs(network, names, rng):
    """A kernel as large as the image, suspected, and pixels from 0 to 255, guilty."""
    model = network(
        (24, 24, 1),
        layers.Conv2D(8, 24, activation="relu", kernel_initializer="he_normal"),
        layers.Flatten(),
        layers.Dense(25, "relu"),
        layers.Dense(2, "softmax"),
        loss="categorical_crossentropy",
    )
    images = rng.integers(0, 256, (40, 24, 24, 1)).astype("float32")
    targets = np.eye(2)[np.arange(40) % 2]
    found = names(examine(model, images, targets), notes=True)
    assert found == ["input-scale", "first-loss-too-high", "kernel-as-large-as-input"]
    standard = (images - images.mean()) / images.std()
    assert names(examine(model, standard, targets)) == []


def test_inputs_are_blamed_where_units_are_dead_before_the_first_step(network, rng):
    """The symptom, an error, must not hide its cause."""
    dead = layers.Dense(8, "relu", kernel_initializer=Constant(-1.0))
    model = network((4,), dead, layers.Dense(2, "softmax"), loss=SPARSE)
    pixels = rng.integers(0, 256, (40, 4)).astype("float32")
    errors = examine(model, pixels, np.arange(40) % 2).errors
    assert [f.name for f in errors][:2] == ["input-scale", "output-is-constant"]


def test_old_statistics_are_blamed_where_they_kill_every_unit(network, rng):
    """Inputs lie 50 deviations below what BatchNorm knows, so that the ReLU gives 0 throughout."""
    stack = [layers.BatchNormalization(name="old"), layers.ReLU(), layers.Dense(2, "softmax")]
    model = network((4,), *stack, loss=SPARSE)
    model.get_layer("old").trainable = False
    x, y = rng.normal(size=(40, 4)).astype("float32"), np.arange(40) % 2
    for mean, errors in ((50.0, ["batchnorm-off-distribution", "output-is-constant"]), (1.0, [])):
        model.get_layer("old").moving_mean.assign(np.full(4, mean))
        found = examine(model, x, y)
        assert [f.name for f in found.errors][:2] == errors
        assert "batchnorm-off-distribution" in [f.name for f in found.findings]


def test_a_regression_that_always_predicts_the_same(network, names, rng):
    """Coordinates that vary by .2 % of their mean; the sigmoid, suspected, is innocent."""
    model = network((2,), layers.Dense(8, "relu"), layers.Dense(1, "sigmoid"), loss="mse")
    places = rng.normal([0.5, 0.1], [0.001, 0.0002], (200, 2))
    distances = rng.uniform(0, 1, 200)
    found = examine(model, places, distances).findings
    assert [f.name for f in found] == ["input-scale"]
    assert "2 of 2 features" in found[0].seen
    standard = (places - places.mean(axis=0)) / places.std(axis=0)
    assert names(examine(model, standard, distances), notes=True) == []


def test_removing_batchnorm_fixed_it(network, names, rng):
    """Dropout .7 and .5 before BatchNorm, in a small CNN."""
    model = network(
        (16, 16, 1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dropout(0.7),
        layers.MaxPooling2D(),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(16),
        layers.BatchNormalization(name="second"),
        layers.ReLU(),
        layers.Dropout(0.5),
        layers.Dense(6, "softmax"),
        loss="categorical_crossentropy",
    )
    (finding,) = examine(model, rng.normal(size=(48, 16, 16, 1))).findings
    assert finding.name == "dropout-before-batchnorm"
    assert finding.at.endswith("'second'")


def test_something_is_wrong_with_the_validation_set(mlp, names, rng):
    """Sorted classes and the last third for validation: the last is never trained."""
    x = rng.normal(size=(96, 5)).astype("float32")
    y = np.repeat(np.arange(3), 32)
    loss = "sparse_categorical_crossentropy"
    assert names(examine(mlp, x, y, loss=loss, validation_split=0.34))[0] == "class-never-trained"
    order = rng.permutation(96)
    assert names(examine(mlp, x[order], y[order], loss=loss, validation_split=0.34)) == []
