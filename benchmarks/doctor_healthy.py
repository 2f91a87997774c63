"""Networks that nothing is wrong with: the doctor should have nothing to say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from doctor_data import N_CLASSES, clusters, distances, gratings, standard, tones
from doctor_inception import statistics_that_fit
from doctor_programs import Program, run
from keras import layers
from measure import RAVDESS

import speechsent
from speechsent.corpus.default import builtin_folder
from speechsent.doctor.afterwards.record import Record

Stack = list[keras.layers.Layer]
Judged = tuple[list[str], float]  # errors and warnings, and a score
Judge = Callable[[], Judged]
SOFTMAX = N_CLASSES
SHORT = ["fit.epochs=8", "fit.head_epochs=8"]
TINY = [
    *SHORT,
    "view.seconds=1.6",
    "log_mel.n_mels=32",
    "mfcc.n_mfcc=13",
    "cnn.stem=[8,16]",
    "cnn.channels=16",
    "lstm.channels=16",
    "lstm.units=[16]",
    "fusion.units=16",
    "fusion.copies=2",
]


def programs(seed: int) -> Iterator[tuple[str, Callable[[], Program]]]:
    """Seventeen networks on four kinds of data, by name."""
    for name, build in {**CLUSTERED, **SEEN, **HEARD, "numbers": numbers}.items():
        yield name, partial(build, np.random.default_rng(seed))
    yield "InceptionV3, frozen", partial(statistics_that_fit, seed)


def _of_clusters(*stack: str, optimizer: str = "adam") -> Callable[[np.random.Generator], Program]:
    def build(rng: np.random.Generator) -> Program:
        (x, y), test = clusters(rng, 480), clusters(rng, 200)
        model = _classifier((12,), [layer for kind in stack for layer in PIECES[kind]()])
        return _program(model, x, y, test, optimizer=optimizer, epochs=12)

    return build


def _of_images(*stack: str, optimizer: str = "adam") -> Callable[[np.random.Generator], Program]:
    def build(rng: np.random.Generator) -> Program:
        (x, y), (x_test, y_test) = gratings(rng, 480, 32), gratings(rng, 120, 32)
        model = _classifier((32, 32, 1), [layer for kind in stack for layer in PIECES[kind]()])
        test = (standard(x_test, x), y_test)
        return _program(model, standard(x, x), y, test, optimizer=optimizer, epochs=12)

    return build


def _of_tones(*stack: str, optimizer: str = "adam") -> Callable[[np.random.Generator], Program]:
    def build(rng: np.random.Generator) -> Program:
        (x, y), test = tones(rng, 480), tones(rng, 120)
        model = _classifier((60, 2), [layer for kind in stack for layer in PIECES[kind]()], 5)
        return _program(model, x, y, test, optimizer=optimizer, epochs=10)

    return build


def numbers(rng: np.random.Generator) -> Program:
    """A regression with standardised inputs."""
    (x, y), (x_test, y_test) = distances(rng, 480), distances(rng, 200)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(32, "relu"), layers.Dense(1)])
    program = _program(model, standard(x, x), y, (standard(x_test, x), y_test), epochs=30)
    return replace(program, loss="mse")


def _classifier(shape: tuple[int, ...], stack: Stack, n_classes: int = N_CLASSES) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *stack, layers.Dense(n_classes, "softmax")])


def _program(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    test: tuple[np.ndarray, np.ndarray],
    *,
    optimizer: str = "adam",
    epochs: int,
) -> Program:
    rates = {"adam": keras.optimizers.Adam(3e-3), "rmsprop": keras.optimizers.RMSprop(1e-3)}
    rates["sgd"] = keras.optimizers.SGD(0.02, momentum=0.9)
    return Program(
        model=model,
        x=x,
        y=y,
        test=test,
        loss="sparse_categorical_crossentropy",
        optimizer=rates[optimizer],
        epochs=epochs,
        validation=0.2,
    )


def _convolution(filters: int, norm: type[keras.layers.Layer] | None = None) -> Stack:
    steady = {
        layers.BatchNormalization: {"momentum": 0.9},
        layers.GroupNormalization: {"groups": 4},
    }
    middle = [norm(**steady[norm])] if norm else []
    return [layers.Conv2D(filters, 3), *middle, layers.ReLU(), layers.MaxPooling2D()]


PIECES: dict[str, Callable[[], Stack]] = {
    "dense": lambda: [layers.Dense(32, "relu")],
    "tanh": lambda: [layers.Dense(32, "tanh")],
    "he": lambda: [layers.Dense(64, "relu", kernel_initializer="he_normal")],
    "dropout": lambda: [layers.Dropout(0.3)],
    "batchnorm": lambda: [layers.BatchNormalization(momentum=0.9)],
    "layernorm": lambda: [layers.LayerNormalization()],
    "noise": lambda: [layers.GaussianNoise(0.2)],
    "conv": lambda: _convolution(8),
    "conv+bn": lambda: _convolution(8, layers.BatchNormalization),
    "conv+gn": lambda: _convolution(8, layers.GroupNormalization),
    "flat": lambda: [layers.Flatten()],
    "mean": lambda: [layers.GlobalAveragePooling2D()],
    "lstm": lambda: [layers.LSTM(24)],
    "gru": lambda: [layers.GRU(24)],
    "both": lambda: [layers.Bidirectional(layers.LSTM(12))],
    "conv1d": lambda: [layers.Conv1D(16, 7, activation="relu"), layers.GlobalMaxPooling1D()],
}
CLUSTERED = {
    "dense": _of_clusters("dense", "dense"),
    "dense, SGD": _of_clusters("he", "dense", optimizer="sgd"),
    "dense, dropout": _of_clusters("he", "dropout", "dense"),
    "dense, BatchNorm": _of_clusters("dense", "batchnorm", "dense"),
    "tanh, LayerNorm": _of_clusters("tanh", "layernorm", "tanh", optimizer="rmsprop"),
    "noise": _of_clusters("noise", "dense"),
}
SEEN = {
    "CNN": _of_images("conv", "conv", "flat", "dense"),
    "CNN, SGD": _of_images("conv", "conv", "flat", optimizer="sgd"),
    "CNN, BatchNorm": _of_images("conv+bn", "conv+bn", "flat", "dropout"),
    "CNN, BatchNorm, means": _of_images("conv+bn", "conv+bn", "mean", optimizer="rmsprop"),
    "CNN, GroupNorm": _of_images("conv+gn", "conv", "flat", "dense"),
}
HEARD = {
    "LSTM": _of_tones("lstm"),
    "GRU": _of_tones("gru", "dense"),
    "LSTM both ways": _of_tones("both"),
    "Conv1D": _of_tones("conv1d", "dropout"),
}


def healthy(seed: int) -> Iterator[tuple[str, Judge]]:
    """Each network by name, and what trains it and returns what was told of it, and its score."""
    for name, build in programs(seed):
        yield f"{name}, seed {seed}", partial(_judged, build)
    for corpus, folder in (("built-in corpus", builtin_folder()), ("RAVDESS", RAVDESS)):
        for mode in ("cnn", "lstm", "joint", "frozen"):
            if folder.is_dir():
                chosen = [f"fusion.mode={mode}", f"seed={seed}"]
                small = partial(_trained, folder, TINY + chosen)
                yield f"small {mode} on {corpus}, seed {seed}", small
                if mode != "frozen":  # which trains the same branches
                    full = partial(_trained, folder, SHORT + chosen)
                    yield f"default {mode} on {corpus}, seed {seed}", full


def _judged(build: Callable[[], Program]) -> Judged:
    outcome = run(build())
    return [f"{f.severity} {f.name}" for f in outcome.findings], outcome.test


def _trained(folder: Path, overrides: Sequence[str]) -> Judged:
    """Train on six speakers of a corpus, and read what the doctor told and the validation UAR."""
    corpus = speechsent.read_corpus(folder)
    speakers = sorted({u.speaker for u in corpus.utterances if u.speaker})[:6]
    few = replace(corpus, utterances=tuple(u for u in corpus.utterances if u.speaker in speakers))
    config = speechsent.load_config(overrides=list(overrides))
    with TemporaryDirectory() as out:
        record = Record(speechsent.train(config, few, out=out, test=False, baseline=False).path)
        told, uar = record.told, float(record.facts["validation_uar"])
    return [f"{f['severity']} {f['name']}" for _, f in told if f["severity"] != "note"], uar
