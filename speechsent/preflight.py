"""The doctor on what ``train`` would train: its network, and a batch of its training clips."""

from dataclasses import replace

import keras

from speechsent.branches import batchnorm
from speechsent.clips import Clips, Inputs
from speechsent.config import ExperimentConfig
from speechsent.datasets import Targets, TrainingBatches, TrainingOptions
from speechsent.doctor import Diagnosis, examine
from speechsent.doctor import overfit as learn_by_heart
from speechsent.errors import ParameterError
from speechsent.network import assemble, build_branches, precision
from speechsent.opening import CorpusSource
from speechsent.preparation import prepare
from speechsent.resources import Resources
from speechsent.training.checkups import ONE_CLASS, of_several
from speechsent.training.inference import input_names
from speechsent.training.listener import Listener
from speechsent.training.seed import layers_seeded

N_CLIPS = 64


def preflight(
    config: ExperimentConfig | None = None,
    corpus: CorpusSource = None,
    *,
    resources: Resources | None = None,
    listener: Listener | None = None,
    overfit: bool = False,
) -> Diagnosis:
    """Build what :func:`speechsent.train` would train, and examine it on training clips.

    Neither labels of the validation part nor those of the test part are looked at.

    Args:
        config: What would be trained; the defaults if not given.
        corpus: A corpus, or where one is or several are; the default one if not given.
        resources: Who extracts features, and whether they are kept for the training.
        listener: Who is told about progress.
        overfit: Also train a copy on twelve clips until it knows them by heart, if it can.

    Returns:
        The findings, errors first.

    Raises:
        CorpusError: If the corpus cannot be read or split.
        AudioError: If a clip cannot be used and ``corpus.skip_bad_audio`` is off.
        WeightsError: If pretrained weights are not at hand.
        ParameterError: If the mode has no network.
    """
    config = config or ExperimentConfig()
    if not config.fusion.branches:
        raise ParameterError(
            "nothing in functionals is trained step by step, so there is nothing to examine; take "
            f"a mode with a network. Received: fusion.mode={config.fusion.mode}"
        )
    with precision(config.fit.precision):
        branches = build_branches(config)  # first: an hour of features would be a late no
        prepared = prepare(config, corpus, listener or Listener(), resources or Resources())
        train = prepared.part("train")
        with layers_seeded(config.seed, "head"):
            model = assemble(branches, config, train.answer)
        inputs, answers = _batch(model, train, config)
        if "cnn" in branches and config.cnn.pretrained and config.cnn.bn == "reestimate":
            batchnorm.reestimate(branches["cnn"], [{"image": inputs["image"]}])
        loss = train.answer.loss(config.fit.label_smoothing)
        diagnosis = examine(
            model,
            inputs,
            answers,
            loss=loss,
            batch_size=min(config.fit.batch_size, len(train)),
            steps=config.fit.epochs * max(len(train) // config.fit.batch_size, 1),
        )
        if of_several(train):
            found = tuple(f for f in diagnosis.findings if f.name != ONE_CLASS)
            diagnosis = replace(diagnosis, findings=found)
        if not overfit:
            return diagnosis
        return diagnosis + learn_by_heart(model, inputs, answers, loss=loss)


def _batch(model: keras.Model, train: Clips, config: ExperimentConfig) -> tuple[Inputs, Targets]:
    """Windows of some training clips, as they are, and what is to be answered for each."""
    options = TrainingOptions(
        batch_size=N_CLIPS,
        seed=config.seed,
        augment=None,
        mfcc=config.mfcc,
        n_mels=config.log_mel.n_mels,
        inputs=tuple(input_names(model)),
    )
    inputs, answers, _ = TrainingBatches(train, options)[0]
    return inputs, answers
