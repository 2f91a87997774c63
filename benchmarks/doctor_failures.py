"""Programs that people asked about because they did not learn, each broken and mended.

Architectures and settings are those of the reports; images are smaller, because this is a CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass

import doctor_inception
import doctor_mismatches
import keras
import numpy as np
from doctor_data import N_CLASSES, clusters, distances, gratings, standard
from doctor_fusion import fusion_on_leaked_stages
from doctor_pretrained import (
    fine_tuned_to_chance,
    head_that_never_learns,
    statistics_that_do_not_fit,
)
from doctor_programs import Program
from keras import layers

SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"
SIZE, LARGE = 64, 200


@dataclass(frozen=True)
class Failure:
    """A failure that was reported.

    Args:
        name: What was asked.
        finding: What must be told first.
        build: Builds the program from a seed, broken or mended.
    """

    name: str
    finding: str
    build: Callable[[int, bool], Program]


def flat_after_one_epoch(seed: int, mended: bool) -> Program:
    """Two outputs without softmax, values from 0 to 255, 287 images (64 pixels, not 256)."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = (gratings(rng, n, SIZE, 2, 3) for n in (287, 100))
    if mended:
        x, x_test = standard(x, x), standard(x_test, x)
    stack = []
    for filters in (32, 64):
        stack += [layers.Conv2D(filters, 5, activation="relu"), layers.MaxPooling2D()]
    last = layers.Dense(2, "softmax" if mended else None)
    return Program(
        model=keras.Sequential([keras.Input((SIZE, SIZE, 3)), *stack, layers.Flatten(), last]),
        x=x,
        y=np.eye(2)[y],
        test=(x_test, np.eye(2)[y_test]),
        loss=ONE_HOT,
        optimizer=keras.optimizers.SGD(0.01),
        epochs=6,
    )


def frozen_accuracy(seed: int, mended: bool) -> Program:
    """A kernel as large as the image (200 pixels here, 400 there), pixels from 0 to 255."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = gratings(rng, 200, LARGE, 2), gratings(rng, 100, LARGE, 2)
    if mended:
        x, x_test = standard(x, x), standard(x_test, x)
    model = keras.Sequential(
        [
            keras.Input((LARGE, LARGE, 1)),
            layers.Conv2D(32, LARGE, activation="relu", kernel_initializer="he_normal"),
            layers.Flatten(),
            layers.Dense(25, "relu", kernel_initializer="he_normal"),
            layers.Dense(2, "softmax"),
        ]
    )
    return Program(
        model=model,
        x=x,
        y=np.eye(2)[y],
        test=(x_test, np.eye(2)[y_test]),
        loss=ONE_HOT,
        optimizer=keras.optimizers.SGD(0.01),
        epochs=12,
    )


def removing_batchnorm_fixed_it(seed: int, mended: bool) -> Program:
    """Dropout .7 and .5 before BatchNorm, in a small CNN with SGD."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = gratings(rng, 480, 32), gratings(rng, 240, 32)
    stack: list[keras.layers.Layer] = []
    for filters in (8, 16):
        stack += [
            layers.Conv2D(filters, 3, kernel_regularizer=keras.regularizers.L2(1e-4)),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
        stack += [] if mended else [layers.Dropout(0.7)]
        stack += [layers.MaxPooling2D()] + ([] if mended else [layers.Dropout(0.5)])
    stack += [layers.Flatten(), layers.Dense(16), layers.BatchNormalization(momentum=0.9)]
    stack += [layers.ReLU(), layers.Dropout(0.2 if mended else 0.5)]
    model = keras.Sequential([keras.Input((32, 32, 1)), *stack, layers.Dense(6, "softmax")])
    return Program(
        model=model,
        x=standard(x, x),
        y=y,
        test=(standard(x_test, x), y_test),
        loss=SPARSE,
        optimizer=keras.optimizers.SGD(0.05),
        epochs=12,
    )


def sorted_validation(seed: int, mended: bool) -> Program:
    """Samples sorted by class, and ``validation_split=.25``."""
    rng = np.random.default_rng(seed)
    (x, y), test = clusters(rng, 576), clusters(rng, 400)
    order = rng.permutation(576) if mended else np.argsort(y, kind="stable")
    hidden = layers.Dense(32, "relu")
    model = keras.Sequential([keras.Input((12,)), hidden, layers.Dense(6, "softmax")])
    return Program(
        model=model,
        x=x[order],
        y=y[order],
        test=test,
        loss=SPARSE,
        optimizer="adam",
        epochs=20,
        validation=0.25,
    )


def constant_regression(seed: int, mended: bool) -> Program:
    """Coordinates that vary by .2 % of their mean, a sigmoid, batches of 1, SGD."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = distances(rng, 300), distances(rng, 300)
    if mended:
        x, x_test = standard(x, x), standard(x_test, x)
    hidden = [layers.Dense(32, "relu"), layers.Dense(16, "relu")]
    model = keras.Sequential([keras.Input((4,)), *hidden, layers.Dense(1, "sigmoid")])
    return Program(
        model=model,
        x=x,
        y=y,
        test=(x_test, y_test),
        loss="mse",
        optimizer=keras.optimizers.Adam(3e-3) if mended else "sgd",
        epochs=60 if mended else 5,
        batch_size=32 if mended else 1,
    )


def speakers_on_both_sides(seed: int, mended: bool) -> Program:
    """Clips of twelve voices, each with a way of its own, split at random."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = clusters(rng, 480, spread=0.8), clusters(rng, 400, spread=0.8)
    speakers = np.repeat(np.arange(12), 40)
    ways = rng.normal(0, 1.5, (24, N_CLASSES, 12))
    x = (x + ways[speakers, y]).astype("float32")
    x_test = (x_test + ways[12 + np.arange(400) % 12, y_test]).astype("float32")
    order = np.arange(480) if mended else rng.permutation(480)
    hidden = layers.Dense(64, "relu")
    model = keras.Sequential([keras.Input((12,)), hidden, layers.Dense(6, "softmax")])
    return Program(
        model=model,
        x=x[order],
        y=y[order],
        test=(x_test, y_test),
        loss=SPARSE,
        optimizer="adam",
        epochs=30,
        validation=0.25,
        known={"groups": speakers[order]},
    )


def with_optimizer(seed: int, optimizer: keras.optimizers.Optimizer) -> Program:
    """A sound network, at whatever pace."""
    rng = np.random.default_rng(seed)
    (x, y), test = clusters(rng, 480), clusters(rng, 400)
    hidden = [layers.Dense(32, "relu"), layers.Dense(32, "relu")]
    model = keras.Sequential([keras.Input((12,)), *hidden, layers.Dense(6, "softmax")])
    return Program(
        model=model,
        x=x,
        y=y,
        test=test,
        loss=SPARSE,
        optimizer=optimizer,
        epochs=12,
    )


def too_slow(seed: int, mended: bool) -> Program:
    """A rate at which nothing happens."""
    return with_optimizer(seed, keras.optimizers.SGD(0.03 if mended else 1e-8, momentum=0.9))


def too_fast(seed: int, mended: bool) -> Program:
    """A rate at which everything does."""
    return with_optimizer(seed, keras.optimizers.Adam(3e-3 if mended else 10.0))


FAILURES = (
    Failure("a head on a frozen network never learns", "softmax-of-one", head_that_never_learns),
    Failure("the network is flat after an epoch", "output-not-probabilities", flat_after_one_epoch),
    Failure("the accuracy is frozen at .4473", "input-scale", frozen_accuracy),
    Failure("removing BatchNorm fixed it", "dropout-before-batchnorm", removing_batchnorm_fixed_it),
    Failure(
        "a frozen InceptionV3 does badly",
        "batchnorm-off-distribution",
        doctor_inception.statistics_that_do_not_fit,
    ),
    Failure(
        "a frozen network, weights=None", "frozen-untrained", doctor_inception.frozen_at_random
    ),
    Failure("a frozen CNN does badly", "batchnorm-off-distribution", statistics_that_do_not_fit),
    Failure("fine-tuned to chance", "batchnorm-trains-in-pretrained", fine_tuned_to_chance),
    Failure("something is wrong with validation", "stage-leak", fusion_on_leaked_stages),
    Failure("validation at 14 %", "class-never-trained", sorted_validation),
    Failure("the regression predicts a constant", "input-scale", constant_regression),
    Failure("well on my voices, badly on others", "speakers-shared", speakers_on_both_sides),
    Failure("SGD(lr=1e-8)", "steps-too-small", too_slow),
    Failure("Adam(lr=10)", "steps-too-large", too_fast),
    Failure("the loss stops at 1.18", "probabilities-as-logits", doctor_mismatches.softmax_twice),
    Failure("the loss is NaN", "output-not-probabilities", doctor_mismatches.relu_for_softmax),
    Failure("training crawls", "squared-error-for-classes", doctor_mismatches.squared_error),
    Failure("binary loss, six classes", "binary-loss-for-classes", doctor_mismatches.binary_loss),
    Failure("received a label value of 6", "labels-out-of-range", doctor_mismatches.labels_from_1),
    Failure(
        "target and output: same shape",
        "loss-and-labels-disagree",
        doctor_mismatches.one_hot_with_sparse,
    ),
    Failure(
        "93 %, on the rows trained on",
        "validated-on-training-samples",
        doctor_mismatches.validated_on_itself,
    ),
    Failure("97 % and then 12 %", "class-shares-differ", doctor_mismatches.flipped_majority),
    Failure("80 % in 2018, 41 % today", "legacy-hard-sigmoid", doctor_mismatches.old_gate),
)
