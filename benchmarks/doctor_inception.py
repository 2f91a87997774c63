"""A frozen InceptionV3: of weights that are random, or from images brighter than these."""

from functools import cache

import keras
import numpy as np
from doctor_data import N_CLASSES, gratings
from doctor_programs import Program
from keras import layers

from speechsent.branches import batchnorm

SPARSE = "sparse_categorical_crossentropy"
SIZE = 75  # the smallest that it takes; 299 in the reports


def statistics_that_do_not_fit(seed: int, mended: bool) -> Program:
    """A frozen InceptionV3 whose BatchNorm statistics are those of other images."""
    return _with_head(seed, dark=True, measured_again=mended)


def frozen_at_random(seed: int, mended: bool) -> Program:
    """A frozen InceptionV3 that was made with weights=None."""
    return _with_head(seed, dark=False, measured_again=False, trained=mended)


def statistics_that_fit(seed: int) -> Program:
    """The same on images like its own."""
    return _with_head(seed, dark=False, measured_again=False)


def _with_head(seed: int, *, dark: bool, measured_again: bool, trained: bool = True) -> Program:
    _trained()
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed + 100)
    (x, y), (x_test, y_test) = (_images(rng, n, dark=dark) for n in (128, 100))
    base = _network()
    if trained:
        base.set_weights(_trained())
    if measured_again:
        measure_again(base, x)
    base.trainable = False
    head = [layers.Dropout(0.5), layers.Dense(N_CLASSES, "softmax")]
    return Program(
        model=keras.Sequential([keras.Input((SIZE, SIZE, 3)), base, *head]),
        x=x,
        y=y,
        test=(x_test, y_test),
        loss=SPARSE,
        optimizer=keras.optimizers.RMSprop(1e-3),
        epochs=6,
    )


@cache
def _trained() -> list[np.ndarray]:
    """Weights from images of its own, the same for all seeds, as those of ImageNet would be."""
    keras.utils.set_random_seed(0)
    x, y = _images(np.random.default_rng(0), 320, dark=False)
    base = _network()
    model = keras.Sequential([base, layers.Dense(N_CLASSES, "softmax")])
    model.compile(keras.optimizers.Adam(1e-3), SPARSE)
    model.fit(x, y, epochs=5, verbose=0)
    measure_again(base, x)
    return base.get_weights()


def _network() -> keras.Model:
    shape = (SIZE, SIZE, 3)
    return keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg", input_shape=shape
    )


def _images(rng: np.random.Generator, n: int, *, dark: bool) -> tuple[np.ndarray, np.ndarray]:
    """Stripes as InceptionV3 takes them, from -1 to 1; dark ones from -.8 to .2."""
    pixels, classes = gratings(rng, n, SIZE, channels=3)
    x = keras.applications.inception_v3.preprocess_input(pixels)
    return (0.5 * x - 0.3 if dark else x), classes


def measure_again(base: keras.Model, images: np.ndarray) -> None:
    """Give BatchNorm the statistics of these images."""
    named = keras.Model({"image": base.inputs[0]}, base.outputs[0])
    batchnorm.reestimate(named, [{"image": images[i : i + 50]} for i in range(0, len(images), 50)])
