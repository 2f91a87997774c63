"""Failures of networks that were trained before: heads that never learn, old statistics."""

from functools import cache

import keras
import numpy as np
from doctor_data import gratings, standard, tones
from doctor_programs import Program
from keras import layers

from speechsent.branches import batchnorm

SPARSE = "sparse_categorical_crossentropy"


@cache
def two_streams(seed: int) -> keras.Model:
    """Two LSTMs over a channel each, trained on five classes: 27,589 parameters."""
    keras.utils.set_random_seed(seed)
    x, y = tones(np.random.default_rng(seed), 600)
    inputs = [keras.Input((60, 1)) for _ in range(2)]
    streams = []
    for stream in inputs:
        hidden = layers.Dropout(0.2)(layers.LSTM(32, return_sequences=True)(stream))
        streams.append(layers.Dropout(0.2)(layers.LSTM(32)(hidden)))
    features = layers.Dense(32, "relu", name="features")(layers.Concatenate()(streams))
    model = keras.Model(inputs, layers.Dense(5, "softmax")(features))
    model.compile("adam", SPARSE)
    model.fit([x[..., :1], x[..., 1:]], y, epochs=8, batch_size=64, verbose=0)
    return model


def head_that_never_learns(seed: int, mended: bool) -> Program:
    """A softmax over one unit, on the softmax of a frozen network; SGD(1e-5)."""
    base = two_streams(seed)
    if mended:
        base = keras.Model(base.inputs, base.get_layer("features").output)
    base.trainable = False
    rng = np.random.default_rng(seed + 100)
    (x, y), (x_test, y_test) = tones(rng, 400), tones(rng, 300)
    inputs = [keras.Input((60, 1)) for _ in range(2)]
    hidden = layers.Dropout(0.2)(base(inputs))
    if mended:
        outputs = layers.Dense(1, "sigmoid")(hidden)
    else:
        outputs = layers.Dense(1, "softmax")(layers.BatchNormalization()(hidden))
    return Program(
        model=keras.Model(inputs, outputs),
        x=[x[..., :1], x[..., 1:]],
        y=(y > 1).astype(int),
        test=([x_test[..., :1], x_test[..., 1:]], (y_test > 1).astype(int)),
        loss="binary_crossentropy",
        optimizer=keras.optimizers.Adam(1e-2) if mended else keras.optimizers.SGD(1e-5),
    )


@cache
def pretrained(seed: int) -> list[np.ndarray]:
    """Weights of a CNN with BatchNorm, trained on standardised gratings of its own, settled."""
    keras.utils.set_random_seed(seed)
    x, y = gratings(np.random.default_rng(seed), 600, 32)
    base = backbone()
    model = keras.Sequential([base, layers.Dense(6, "softmax")])
    model.compile(keras.optimizers.Adam(3e-3), SPARSE)
    model.fit(standard(x, x), y, epochs=12, verbose=0)
    measure_again(base, standard(x, x))
    return base.get_weights()


def backbone() -> keras.Model:
    """The CNN, without its weights."""
    stack: list[keras.layers.Layer] = []
    for filters in (8, 16, 32):
        stack += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
        ]
    return keras.Sequential([keras.Input((32, 32, 1)), *stack, layers.GlobalAveragePooling2D()])


def measure_again(base: keras.Model, images: np.ndarray) -> None:
    """Give BatchNorm the statistics of these images."""
    named = keras.Model({"image": base.inputs[0]}, base.outputs[0])
    batchnorm.reestimate(named, [{"image": images[i : i + 50]} for i in range(0, len(images), 50)])


def moved(seed: int, *, frozen: bool, mended: bool) -> Program:
    """The pretrained CNN on darker images of less contrast, 150 of them."""
    rng = np.random.default_rng(seed + 100)
    (x, y), (x_test, y_test) = gratings(rng, 150, 32), gratings(rng, 300, 32)
    own, _ = gratings(np.random.default_rng(seed), 600, 32)
    x, x_test = (0.3 * standard(images, own) - 1.5 for images in (x, x_test))
    base = backbone()
    base.set_weights(pretrained(seed))
    if mended:
        measure_again(base, x)
    for layer in base.layers:
        pinned = isinstance(layer, layers.BatchNormalization) and mended
        early = base.layers.index(layer) < 4
        layer.trainable = not (frozen or pinned or early)
    model = keras.Sequential([keras.Input((32, 32, 1)), base, layers.Dense(6, "softmax")])
    return Program(
        model=model,
        x=x,
        y=y,
        test=(x_test, y_test),
        loss=SPARSE,
        optimizer=keras.optimizers.Adam(3e-3 if frozen else 1e-3),
        epochs=16,
    )


def statistics_that_do_not_fit(seed: int, mended: bool) -> Program:
    """A frozen network whose BatchNorm statistics are those of other images."""
    return moved(seed, frozen=True, mended=mended)


def fine_tuned_to_chance(seed: int, mended: bool) -> Program:
    """The same network with BatchNorm trained along."""
    return moved(seed, frozen=False, mended=mended)
