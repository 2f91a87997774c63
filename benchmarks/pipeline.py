"""A training step on the real input pipeline, against the same step on constant tensors.

Default networks, features read from the cache on disk. The goals are those of reading: windows
drawn, standardised and handed over. Beside them the same with default augmentation, which
is work that no way of reading saves. The synthetic side is one batch that TensorFlow already holds.
What is timed is an epoch of either side, step by step in turn, since the clock of a shared machine
drifts within one: its steps and the making of its iterator. What a fit spends once is left out.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from measure import Figure, arguments, cpu_seconds, interleaved, report

from speechsent.answers import Classes
from speechsent.batches import SeededBatches
from speechsent.clips import Clips
from speechsent.config import ExperimentConfig
from speechsent.corpus.default import builtin_folder
from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.fusion import FusionConfig, FusionMode, classifier, fusion_head
from speechsent.network import build_branches
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.embeddings import Embedded, HeadBatches
from speechsent.training.inference import input_names
from speechsent.training.listener import Listener

N_STEPS = {"cnn": 20, "lstm": 20, "head": 200}
GOALS = {"cnn": 1.01, "lstm": 1.03, "head": 1.3}


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    corpus = builtin_folder()
    with tempfile.TemporaryDirectory() as home:
        os.environ["SPEECHSENT_HOME"] = home
        figures = [
            *branch_figures("cnn", corpus, args.rounds),
            *branch_figures("lstm", corpus, args.rounds),
            *head_figures(corpus, args.rounds),
        ]
    report(figures, args.json)


def training_clips(config: ExperimentConfig, corpus: Path) -> Clips:
    """The training part of the corpus, its features in the cache."""
    return prepare(config, corpus, Listener(), Resources()).part("train")


def branch_figures(mode: FusionMode, corpus: Path, rounds: int) -> Iterator[Figure]:
    """One branch alone, without and with augmentation."""
    config = ExperimentConfig(fusion=FusionConfig(mode=mode))
    train = training_clips(config, corpus)
    model = compiled(classifier(build_branches(config)[mode], answer=Classes(train.n_classes)))
    options = TrainingOptions(
        batch_size=config.fit.batch_size,
        augment=config.augment,
        mfcc=config.mfcc,
        n_mels=config.log_mel.n_mels,
        inputs=tuple(input_names(model)),
    )
    plain = replace(options, augment=None)
    yield from step_figures(mode, "", model, TrainingBatches(train, plain), rounds)
    yield from step_figures(mode, ", augmentation", model, TrainingBatches(train, options), rounds)


def head_figures(corpus: Path, rounds: int) -> Iterator[Figure]:
    """The head of a frozen fusion, on embeddings that are already computed."""
    config = ExperimentConfig(fusion=FusionConfig(mode="frozen"))
    train = training_clips(config, corpus)
    widths = {"cnn": config.cnn.embedding, "lstm": config.lstm.embedding}
    owners = np.tile(np.arange(len(train)), config.fusion.copies)
    rng = np.random.default_rng(0)
    embeddings = {
        name: rng.standard_normal((len(owners), width), np.float32)
        for name, width in widths.items()
    }
    head = fusion_head(
        widths,
        answer=Classes(train.n_classes),
        units=config.fusion.units,
        dropout=config.fusion.dropout,
    )
    batches = HeadBatches(
        Embedded(embeddings, owners, train.classes, train.n_classes),
        np.ones(len(train)),
        batch_size=config.fit.batch_size,
        seed=0,
    )
    yield from step_figures("head", "", compiled(head), batches, rounds)


def compiled(model: keras.Model) -> keras.Model:
    """The model, ready to fit."""
    model.compile(optimizer=keras.optimizers.AdamW(clipnorm=1.0), loss="categorical_crossentropy")
    return model


def step_figures(
    name: str, variant: str, model: keras.Model, batches: SeededBatches, rounds: int
) -> Iterator[Figure]:
    """Time of a step over that of a step on constant tensors."""
    n_steps = N_STEPS[name]
    real = batches.feed().repeat().take(n_steps)
    constant = tf.data.Dataset.from_tensors(batches[0]).repeat(n_steps)
    pairs = [epoch_seconds(model, (real, constant), n_steps) for _ in range(1 + rounds)][1:]
    ratios = [of_real / of_constant for of_real, of_constant in pairs]
    quartiles = statistics.quantiles(ratios)
    yield Figure(
        name="" if variant else f"pipeline.{name}",
        what=f"{name} step, real input over constant tensors{variant}",
        value=statistics.median(ratios),
        at_most=None if variant else GOALS[name],
    )
    yield Figure(what="  its rounds, lower quartile", value=quartiles[0])
    yield Figure(what="  its rounds, upper quartile", value=quartiles[-1])
    constant_seconds = statistics.median(of_constant for _, of_constant in pairs) / n_steps
    yield Figure(what="  a step on constant tensors, CPU ms", value=1e3 * constant_seconds)
    yield Figure(
        what="  making a batch, CPU ms", value=1e3 * input_seconds(batches, n_steps, rounds)
    )


def input_seconds(batches: SeededBatches, n_steps: int, rounds: int) -> float:
    """CPU seconds a batch takes to make and to hand over, without training on it."""
    made = batches.feed().repeat().take(n_steps)
    make = {"make": lambda: cpu_seconds(lambda: list(made)) / n_steps}
    return interleaved(make, rounds)["make"]


def epoch_seconds(
    model: keras.Model, sides: Sequence[tf.data.Dataset], n_steps: int
) -> list[float]:
    """CPU seconds of an epoch on each side, all threads of this process included."""
    model.make_train_function()
    seconds, iterators = [0.0] * len(sides), []
    for place, side in enumerate(sides):
        start = time.process_time()
        iterators.append(iter(side))
        seconds[place] += time.process_time() - start
    for number in range(n_steps):
        # Each side goes first as often as the other.
        for place in range(len(sides))[:: 1 if number % 2 else -1]:
            seconds[place] += cpu_seconds(partial(model.train_function, iterators[place]))
    return seconds


if __name__ == "__main__":
    main()
