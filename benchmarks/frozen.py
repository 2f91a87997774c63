"""Frozen fusion: embeddings computed once, against branches that run again every epoch.

A head is trained for 20 epochs on two untrained branches: InceptionV3 at 150 pixels and the default
LSTM, and again with the default compact net, whose epoch is so cheap that training the head is most
of what is left. One side runs the branches on
each batch of each epoch, as a user would who freezes them inside the model; the other embeds the
clips once (cold), or finds the embeddings of an earlier run (warm). No augmentation: with it, one
copy of each clip would have to be embedded for each epoch it is to differ in.

Five folds train what is behind a frozen InceptionV3 for 20 epochs each, with one store and one
compiled model between them, against InceptionV3 run on each batch of each epoch of each fold.
"""

import tempfile
from functools import partial
from pathlib import Path
from statistics import median

import keras
import numpy as np
from measure import Figure, arguments, cpu_seconds, report

from speechsent.answers import Classes
from speechsent.branches.cnn import frozen_base, thaw
from speechsent.config import load
from speechsent.corpus.default import builtin_folder
from speechsent.corpus.open import read_corpus
from speechsent.datasets import TrainingBatches, TrainingOptions, balanced_weights
from speechsent.features.cache import FeatureCache
from speechsent.fusion import classifier, fusion_head
from speechsent.network import build_branches
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.embeddings import HeadBatches, embed_training
from speechsent.training.inference import batch_outputs
from speechsent.training.listener import Listener
from speechsent.training.store import EmbeddingStore

EPOCHS = 20


def main() -> None:
    """Measure cold and warm with both networks, and print the table."""
    args = arguments(__doc__)
    cold, warm = ratios("inceptionv3", args.rounds)
    small_cold, small_warm = ratios("compact", args.rounds)
    report(
        [
            Figure(
                name="frozen.cold",
                what="20 epochs, branches run each epoch over embedded once (InceptionV3 + LSTM)",
                value=cold,
                at_least=12,
            ),
            Figure(
                name="frozen.warm",
                what="the same over embeddings kept from an earlier run",
                value=warm,
                at_least=50,
            ),
            Figure(
                name="frozen.five_folds",
                what="five folds of 20 epochs behind InceptionV3, run each epoch over shared",
                value=five_folds(args.rounds),
                at_least=30,
            ),
            Figure(what="cold with the compact net", value=small_cold),
            Figure(what="warm with the compact net", value=small_warm),
        ],
        args.json,
    )


def ratios(backbone: str, rounds: int) -> tuple[float, float]:
    """CPU time of 20 epochs that run the branches, over ours cold and warm."""
    config = load(overrides=[f"cnn.backbone={backbone}", "cnn.weights=none"])
    prepared = prepare(config, read_corpus(builtin_folder()), Listener(), Resources(cache=False))
    clips = prepared.part("train")
    branches = build_branches(config)
    size = config.fit.batch_size
    batches = TrainingBatches(clips, TrainingOptions(batch_size=size, class_weights=False))

    def new_head() -> keras.Model:
        widths = {name: branch.output_shape[-1] for name, branch in branches.items()}
        head = fusion_head(widths, answer=Classes(clips.n_classes))
        head.compile("adam", "categorical_crossentropy")
        return head

    def recompute_epoch(head: keras.Model) -> None:
        for step in range(len(batches)):
            inputs, targets, _ = batches[step]
            embedded = {name: batch_outputs(branch, inputs) for name, branch in branches.items()}
            head.train_on_batch(embedded, np.asarray(targets))

    def ours(store: EmbeddingStore) -> None:
        embedded = embed_training(branches, batches, 1, store)
        fed = HeadBatches(embedded, balanced_weights(clips), batch_size=size, seed=0)
        new_head().fit(fed, epochs=EPOCHS, verbose=0)

    traced = new_head()
    recompute_epoch(traced)  # traces the branches, for both sides
    epochs, cold, warm = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds):
            store = EmbeddingStore(FeatureCache(Path(folder) / str(round_)))
            run = partial(ours, store)
            epochs.append(cpu_seconds(partial(recompute_epoch, traced)))
            cold.append(cpu_seconds(run))
            warm.append(cpu_seconds(run))
    theirs = EPOCHS * median(epochs)
    return theirs / median(cold), theirs / median(warm)


def five_folds(rounds: int) -> float:
    """CPU time of five folds that run the base each epoch, over ours with an empty store."""
    config = load(
        overrides=[
            "fusion.mode=cnn",
            "cnn.backbone=inceptionv3",
            "cnn.weights=none",
            "view.image_levels=fixed",
        ]
    )
    listener, corpus = Listener(), read_corpus(builtin_folder())
    clips = prepare(config, corpus, listener, Resources(cache=False)).clips
    branch = build_branches(config)["cnn"]
    thaw(branch.get_layer("inceptionv3"), "", train_batchnorm=False)
    base, neck = frozen_base(branch)
    folds = [np.flatnonzero(np.arange(len(clips)) % 5 != fold) for fold in range(5)]

    def recompute_epoch(model: keras.Model) -> None:
        batches = TrainingBatches(clips.subset(folds[0]), TrainingOptions(inputs=("image",)))
        for step in range(len(batches)):
            inputs, targets, _ = batches[step]
            model.train_on_batch({"pooled": batch_outputs(base, inputs)}, targets)

    def ours(store: EmbeddingStore) -> None:
        model = classifier(neck, answer=Classes(clips.n_classes))
        model.compile("adam", "categorical_crossentropy")
        start = model.get_weights()
        for fold in folds:
            model.set_weights(start)
            batches = TrainingBatches(clips.subset(fold), TrainingOptions(inputs=("image",)))
            embedded = embed_training({"pooled": base}, batches, 1, store)
            weights = balanced_weights(batches.clips)
            fed = HeadBatches(embedded, weights, batch_size=config.fit.batch_size, seed=0)
            model.fit(fed, epochs=EPOCHS, verbose=0)

    traced = classifier(neck, answer=Classes(clips.n_classes))
    traced.compile("adam", "categorical_crossentropy")
    recompute_epoch(traced)
    epochs, shared = [], []
    with tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds):
            store = EmbeddingStore(FeatureCache(Path(folder) / str(round_)))
            epochs.append(cpu_seconds(partial(recompute_epoch, traced)))
            shared.append(cpu_seconds(partial(ours, store)))
    return 5 * EPOCHS * median(epochs) / median(shared)


if __name__ == "__main__":
    main()
