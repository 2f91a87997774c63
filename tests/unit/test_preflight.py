from dataclasses import replace

import numpy as np
import pytest

from speechsent import preflight as module
from speechsent.config import from_dict
from speechsent.corpus import read_corpus
from speechsent.corpus.synthetic import SyntheticCorpus, synthesize
from speechsent.errors import ParameterError
from speechsent.preflight import preflight
from speechsent.preparation import prepare

VOICES = SyntheticCorpus(n_speakers=6, n_test_speakers=2, n_sentences=1, n_takes=1)
SMALL = {
    "view": {"seconds": 0.6},
    "log_mel": {"n_mels": 32},
    "mfcc": {"n_mfcc": 13},
    "lstm": {"units": [8]},
    "fit": {"batch_size": 8},
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return read_corpus(synthesize(tmp_path_factory.mktemp("voices") / "v", VOICES))


@pytest.fixture
def names():
    """Names of findings but notes."""
    return lambda diagnosis: [f.name for f in diagnosis.findings if f.severity != "note"]


@pytest.mark.parametrize("mode", ["joint", "cnn", "lstm"])
def test_what_we_train_is_clean(corpus, names, mode):
    diagnosis = preflight(from_dict({**SMALL, "fusion": {"mode": mode}}), corpus)
    assert names(diagnosis) == []
    assert {"the layers", "the loss", "labels", "one batch"} <= set(diagnosis.scope)


@pytest.mark.parametrize("seed", range(3))
def test_the_clips_that_are_examined_may_be_of_one_class(corpus, names, monkeypatch, seed):
    """Two of six clips of two classes, as two of many clips where one class is rare."""
    monkeypatch.setattr(module, "N_CLIPS", 2)
    config = {**SMALL, "seed": seed, "corpus": {"classes": ["anger", "neutral"]}}
    diagnosis = preflight(from_dict({**config, "fusion": {"mode": "lstm"}}), corpus)
    assert "one-class-only" not in names(diagnosis)


def test_numbers_are_examined_like_emotions(corpus, names):
    rows = [
        f"{u.path.relative_to(corpus.root).as_posix()},{u.speaker},{u.part},{i % 7}"
        for i, u in enumerate(corpus)
    ]
    path = corpus.root / "rated.csv"
    path.write_text("\n".join(["file,speaker,split,arousal", *rows]) + "\n")
    config = from_dict({**SMALL, "fusion": {"mode": "cnn"}, "corpus": {"targets": ["arousal"]}})
    diagnosis = preflight(config, path)
    assert names(diagnosis) == []
    assert "labels" in diagnosis.scope


def test_the_batch_and_the_steps_are_those_of_the_training(corpus, names):
    """One epoch of batches of four, and a momentum of 0.9."""
    fit = {"batch_size": 4, "epochs": 1}
    config = from_dict({**SMALL, "fusion": {"mode": "cnn"}, "fit": fit})
    diagnosis = preflight(config, corpus)
    assert names(diagnosis) == ["batch-too-small-for-batchnorm", "batchnorm-not-settled"]
    n_steps = len(prepared_part(config, corpus)) // 4
    assert f"over {n_steps} steps: {1 - 0.9**n_steps:.0%} settled" in diagnosis.warnings[1].seen


def prepared_part(config, corpus):
    return prepare(config, corpus, module.Listener(), module.Resources()).part("train")


def test_labels_of_other_parts_are_not_looked_at(corpus, monkeypatch):
    """Labels that would be an error anywhere change nothing outside the training part."""
    config = from_dict({**SMALL, "fusion": {"mode": "lstm"}})

    def spoilt(*args):
        prepared = prepare(*args)
        classes = np.full(len(prepared.clips), -7)
        train = prepared.parts["train"]
        classes[train] = prepared.clips.classes[train]
        return replace(prepared, clips=replace(prepared.clips, classes=classes))

    expected = preflight(config, corpus)
    monkeypatch.setattr(module, "prepare", spoilt)
    assert preflight(config, corpus) == expected


def test_without_a_network_there_is_nothing_to_examine(corpus):
    config = from_dict({**SMALL, "fusion": {"mode": "functionals"}})
    with pytest.raises(ParameterError, match="take a mode with a network"):
        preflight(config, corpus)
