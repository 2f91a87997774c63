"""A training step on the real input pipeline, against the same step on constant tensors.

Default networks, features read from the cache on disk. The goals are those of reading: windows
drawn, standardised and handed over. Beside them the same with default augmentation, which
is work that no way of reading saves. The synthetic side is one batch that TensorFlow already holds.
What is timed is an epoch, from its begin to its end: what a fit spends once is left out on both
sides.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from measure import Figure, arguments, cpu_seconds, in_turn, interleaved, report

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
    constant = tf.data.Dataset.from_tensors(batches[0]).repeat(n_steps)
    real = batches.feed().repeat().take(n_steps)

    def step_seconds(data: tf.data.Dataset) -> float:
        clock = EpochClock()
        model.fit(data, verbose=0, shuffle=False, callbacks=[clock])
        return clock.seconds / n_steps

    rows = in_turn(
        {"real": lambda: step_seconds(real), "constant": lambda: step_seconds(constant)}, rounds
    )
    ratios = [row["real"] / row["constant"] for row in rows]
    quartiles = statistics.quantiles(ratios)
    yield Figure(
        name="" if variant else f"pipeline.{name}",
        what=f"{name} step, real input over constant tensors{variant}",
        value=statistics.median(ratios),
        at_most=None if variant else GOALS[name],
    )
    yield Figure(what="  its rounds, lower quartile", value=quartiles[0])
    yield Figure(what="  its rounds, upper quartile", value=quartiles[-1])
    constant_seconds = statistics.median(row["constant"] for row in rows)
    yield Figure(what="  a step on constant tensors, CPU ms", value=1e3 * constant_seconds)
    yield Figure(
        what="  making a batch, CPU ms", value=1e3 * input_seconds(batches, n_steps, rounds)
    )


def input_seconds(batches: SeededBatches, n_steps: int, rounds: int) -> float:
    """CPU seconds a batch takes to make and to hand over, without training on it."""
    made = batches.feed().repeat().take(n_steps)
    make = {"make": lambda: cpu_seconds(lambda: list(made)) / n_steps}
    return interleaved(make, rounds)["make"]


class EpochClock(keras.callbacks.Callback):
    """CPU seconds of an epoch, all threads of this process included."""

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Start."""
        self.start = time.process_time()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """Stop."""
        self.seconds = time.process_time() - self.start


if __name__ == "__main__":
    main()
