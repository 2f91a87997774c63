"""Failures of a network's last layer, its loss, its labels and its file; each takes seconds."""

from collections.abc import Callable

import keras
import numpy as np
from doctor_data import N_CLASSES, clusters, tones
from doctor_programs import Program
from keras import layers

SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"
Build = Callable[[int, bool], Program]


def _of_clusters(
    seed: int, *last: keras.layers.Layer, loss: str | keras.losses.Loss, one_hot: bool = False
) -> Program:
    """A small network that reads six clouds of points, with some last layers and a loss."""
    rng = np.random.default_rng(seed)
    (x, y), (x_test, y_test) = clusters(rng, 480), clusters(rng, 400)
    model = keras.Sequential([keras.Input((12,)), layers.Dense(32, "relu"), *last])
    rows = np.eye(N_CLASSES, dtype="float32")
    return Program(
        model=model,
        x=x,
        y=rows[y] if one_hot else y,
        test=(x_test, rows[y_test] if one_hot else y_test),
        loss=loss,
        optimizer=keras.optimizers.Adam(3e-3),
        epochs=12,
    )


def softmax_twice(seed: int, mended: bool) -> Program:
    """A softmax, a reshape behind it, and ``from_logits=True``."""
    last = [layers.Dense(N_CLASSES, "softmax"), layers.Reshape((N_CLASSES,))]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=not mended)
    return _of_clusters(seed, *last, loss=loss)


def relu_for_softmax(seed: int, mended: bool) -> Program:
    """A ReLU in the last layer, and a cross-entropy."""
    last = layers.Dense(N_CLASSES, "softmax" if mended else "relu")
    return _of_clusters(seed, last, loss=ONE_HOT, one_hot=True)


def squared_error(seed: int, mended: bool) -> Program:
    """The squared error of a softmax."""
    loss = ONE_HOT if mended else "mse"
    return _of_clusters(seed, layers.Dense(N_CLASSES, "softmax"), loss=loss, one_hot=True)


def binary_loss(seed: int, mended: bool) -> Program:
    """The binary cross-entropy of a softmax."""
    loss = ONE_HOT if mended else "binary_crossentropy"
    return _of_clusters(seed, layers.Dense(N_CLASSES, "softmax"), loss=loss, one_hot=True)


def labels_from_1(seed: int, mended: bool) -> Program:
    """Six classes counted from 1, and six units: Keras stops with an error of TensorFlow's."""
    program = _of_clusters(seed, layers.Dense(N_CLASSES, "softmax"), loss=SPARSE)
    program.y = program.y + (not mended)
    return program


def one_hot_with_sparse(seed: int, mended: bool) -> Program:
    """One-hot rows, and the loss for whole numbers: Keras stops with a word about shapes."""
    loss = ONE_HOT if mended else SPARSE
    return _of_clusters(seed, layers.Dense(N_CLASSES, "softmax"), loss=loss, one_hot=True)


def validated_on_itself(seed: int, mended: bool) -> Program:
    """Rows sliced for validation that stay among those trained on."""
    rng = np.random.default_rng(seed)
    (x, y), test = clusters(rng, 400, spread=2.5), clusters(rng, 400, spread=2.5)
    first = 80 if mended else 0
    hidden = layers.Dense(256, "relu")
    return Program(
        model=keras.Sequential([keras.Input((12,)), hidden, layers.Dense(6, "softmax")]),
        x=x[first:],
        y=y[first:],
        test=test,
        loss=SPARSE,
        optimizer=keras.optimizers.Adam(3e-3),
        epochs=60,
        validation=(x[:80], y[:80]),
    )


def flipped_majority(seed: int, mended: bool) -> Program:
    """97 % of the rows trained on are of one class, and 12 % of those behind them."""
    rng = np.random.default_rng(seed)
    n = 400
    classes = np.concatenate([rng.random(320) < 0.97, rng.random(80) < 0.12]).astype(int)
    order = rng.permutation(n) if mended else np.arange(n)
    centres = np.random.default_rng(0).normal(size=(2, 6, 4))
    test = (rng.random(n) < classes.mean()).astype(int)
    x, x_test = (
        (centres[y] + rng.normal(0, 1.5, (n, 6, 4))).astype("float32") for y in (classes, test)
    )
    stack = [layers.Flatten(), layers.Dense(6, "relu"), layers.Dropout(0.35)]
    stack += [layers.Dense(3, "relu"), layers.Dropout(0.1), layers.Dense(1, "sigmoid")]
    return Program(
        model=keras.Sequential([keras.Input((6, 4)), *stack]),
        x=x[order],
        y=classes[order],
        test=(x_test, test),
        loss="binary_crossentropy",
        optimizer="adam",
        epochs=60,
        batch_size=40,
        validation=0.2,
    )


def old_gate(seed: int, mended: bool) -> Program:
    """An LSTM trained with the hard sigmoid of Keras 2, and run with that of Keras 3."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    (x, y), test = tones(rng, 600), tones(rng, 300)
    old = _gated(_as_in_keras_2)
    old.compile(keras.optimizers.Adam(5e-3), SPARSE)
    old.fit(x, y, epochs=12, verbose=0)
    model = old if mended else _gated("hard_sigmoid")
    model.set_weights(old.get_weights())
    return Program(model=model, x=x, y=y, test=test, loss=SPARSE, optimizer="adam", epochs=0)


def _gated(gate: str | Callable[[object], object]) -> keras.Model:
    recurrent = layers.LSTM(32, recurrent_activation=gate)
    return keras.Sequential([keras.Input((60, 2)), recurrent, layers.Dense(5, "softmax")])


def _as_in_keras_2(x: object) -> object:
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)
