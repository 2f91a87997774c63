"""The fusion script: LSTM, CNN, and both together, validated on what the LSTM was fitted on."""

import keras
import numpy as np
from doctor_data import N_CLASSES, labels, standard, striped
from doctor_programs import Program
from keras import layers

ONE_HOT = "categorical_crossentropy"
N, N_TRAIN, N_TEST = 500, 400, 300  # the script had 921 clips to fit on, and 231


def fusion_on_leaked_stages(seed: int, mended: bool) -> Program:
    """An LSTM fitted on all rows, and the fusion validated on the last fifth of them.

    The LSTM, its 20 epochs, the widths of both embeddings, the head and RMSprop are the script's;
    a small CNN stands for InceptionV3.
    """
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    (x, y), test = (_clips(rng, n) for n in (N, N_TEST))
    images = x[1]
    x[1], test[0][1] = standard(images, images), standard(test[0][1], images)
    last = N_TRAIN if mended else N
    lstm, cnn = _lstm(), _cnn()
    _fit(lstm, x[0][:last], y[:last])
    _fit(cnn, x[1][:N_TRAIN], y[:N_TRAIN])
    joined = layers.Concatenate()([cnn.output, lstm.output])
    answer = layers.Dense(N_CLASSES, "softmax")(layers.Dropout(0.5)(joined))
    return Program(
        model=keras.Model([*lstm.inputs, *cnn.inputs], answer),
        x=[part[:N_TRAIN] for part in x],
        y=y[:N_TRAIN],
        test=test,
        loss=ONE_HOT,
        optimizer=keras.optimizers.RMSprop(1e-3),
        validation=([part[N_TRAIN:] for part in x], y[N_TRAIN:]),
        known={"fitted_ids": {"lstm": range(last)}, "validation_ids": range(N_TRAIN, N)},
    )


def _lstm() -> keras.Model:
    frames = keras.Input((5, 128))
    hidden = layers.Dropout(0.3)(layers.LSTM(32, return_sequences=True)(frames))
    hidden = layers.Dropout(0.3)(layers.LSTM(32)(hidden))
    return keras.Model(frames, layers.Dense(20)(hidden))


def _cnn() -> keras.Model:
    image = keras.Input((32, 32, 1))
    values = image
    for filters in (8, 16):
        values = layers.MaxPooling2D()(layers.Conv2D(filters, 3, activation="relu")(values))
    values = layers.Dense(1000, "relu")(layers.GlobalAveragePooling2D()(values))
    return keras.Model(image, layers.Dropout(0.5)(values))


def _fit(branch: keras.Model, x: np.ndarray, y: np.ndarray) -> None:
    """Fit a branch by itself, with a softmax of its own."""
    model = keras.Sequential([branch, layers.Dense(N_CLASSES, "softmax")])
    model.compile("rmsprop", ONE_HOT)
    model.fit(x, y, epochs=20, verbose=0)


def _clips(rng: np.random.Generator, n: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Five frames of 128 numbers and an image a clip; either tells something of the class."""
    classes = labels(rng, n, N_CLASSES)
    centres = np.random.default_rng(0).normal(size=(N_CLASSES, 1, 128))
    frames = 0.075 * centres[classes] + rng.normal(0, 1, (n, 5, 128))
    shown = np.where(rng.random(n) < 0.4, classes, rng.integers(0, N_CLASSES, n))
    images = striped(rng, shown, 32)
    return [frames.astype("float32"), images], np.eye(N_CLASSES, dtype="float32")[classes]
