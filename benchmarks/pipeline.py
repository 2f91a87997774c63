"""A training step on the real input pipeline, against the same step on constant tensors.

Default networks and default augmentation, features read from the cache on disk; then the same
without augmentation. The synthetic side is one batch that TensorFlow already holds.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf
from measure import Figure, arguments, cpu_seconds, interleaved, report

from speechsent.config import ExperimentConfig
from speechsent.corpus.default import builtin_folder
from speechsent.datasets import Clips, SeededBatches, TrainingBatches, TrainingOptions
from speechsent.fusion import classifier, fusion_head
from speechsent.network import build_branches
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.embeddings import Embedded, HeadBatches
from speechsent.training.inference import input_names
from speechsent.training.listener import Listener

N_STEPS = {"cnn": 6, "lstm": 6, "head": 200}
GOALS = {"cnn": 1.01, "lstm": 1.03, "head": 1.3}


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    config = ExperimentConfig()
    corpus = builtin_folder()
    with tempfile.TemporaryDirectory() as home:
        os.environ["SPEECHSENT_HOME"] = home
        train = prepare(config, corpus, Listener(), Resources()).part("train")
        figures = [
            *branch_figures(config, train, args.rounds),
            *head_figures(config, train, args.rounds),
        ]
    report(figures, args.json)


def branch_figures(config: ExperimentConfig, train: Clips, rounds: int) -> Iterator[Figure]:
    """CNN and LSTM, each with and without augmentation."""
    for name, branch in build_branches(config).items():
        model = compiled(classifier(branch, n_classes=train.n_classes))
        options = TrainingOptions(
            batch_size=config.fit.batch_size,
            augment=config.augment,
            mfcc=config.mfcc,
            n_mels=config.log_mel.n_mels,
            inputs=tuple(input_names(model)),
        )
        plain = replace(options, augment=None)
        yield from step_figures(name, "", model, TrainingBatches(train, options), rounds)
        yield from step_figures(
            name, ", no augmentation", model, TrainingBatches(train, plain), rounds
        )


def head_figures(config: ExperimentConfig, train: Clips, rounds: int) -> Iterator[Figure]:
    """The head of a frozen fusion, on embeddings that are already computed."""
    widths = {"cnn": config.cnn.embedding, "lstm": config.lstm.embedding}
    owners = np.tile(np.arange(len(train)), config.fusion.copies)
    rng = np.random.default_rng(0)
    embeddings = {
        name: rng.standard_normal((len(owners), width), np.float32)
        for name, width in widths.items()
    }
    head = fusion_head(
        widths,
        n_classes=train.n_classes,
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
    real = FirstBatches(batches, n_steps)

    def fit_seconds(data: tf.data.Dataset | keras.utils.PyDataset) -> float:
        return cpu_seconds(lambda: model.fit(data, verbose=0, shuffle=False)) / n_steps

    cpu = interleaved(
        {"real": lambda: fit_seconds(real), "constant": lambda: fit_seconds(constant)}, rounds
    )
    figure = Figure(
        name="" if variant else f"pipeline.{name}",
        what=f"{name} step, real input over constant tensors{variant}",
        value=cpu["real"] / cpu["constant"],
        at_most=None if variant else GOALS[name],
    )
    yield figure
    yield Figure(
        what=f"  the same, input alone in ms a step{variant}",
        value=1e3 * input_seconds(batches, n_steps, rounds),
    )
    yield Figure(what="  constant step in CPU ms", value=1e3 * cpu["constant"])


def input_seconds(batches: SeededBatches, n_steps: int, rounds: int) -> float:
    """CPU seconds a batch takes to make, without training on it."""
    make = {"make": lambda: cpu_seconds(lambda: [batches[i] for i in range(n_steps)]) / n_steps}
    return interleaved(make, rounds)["make"]


class FirstBatches(keras.utils.PyDataset):
    """The first steps of an epoch."""

    def __init__(self, batches: SeededBatches, n_steps: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.batches, self.n_steps = batches, n_steps

    def __len__(self) -> int:
        return self.n_steps

    def __getitem__(self, step: int) -> object:
        """One batch; where the epoch is shorter, its batches again."""
        return self.batches[step % len(self.batches)]


if __name__ == "__main__":
    main()
