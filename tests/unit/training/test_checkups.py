"""The doctor at a stage: an error stops it before the first step, unless forced."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.datasets import TrainingBatches, TrainingOptions
from speechsent.doctor.inflight.look import Looker
from speechsent.errors import TrainingError
from speechsent.fusion import classifier, classifier_head
from speechsent.training.checkups import Checkups
from speechsent.training.embeddings import Embedded, HeadBatches
from speechsent.training.listener import Listener


@pytest.fixture
def batches(make_clips):
    """Batches of six of eighteen clips."""
    return TrainingBatches(make_clips(), TrainingOptions(batch_size=6, inputs=("image",)))


@pytest.fixture
def healthy(make_branches):
    model = classifier(make_branches()["cnn"], answer=Classes(3))
    model.compile("adam", "categorical_crossentropy")
    return model


@pytest.fixture
def ill(healthy):
    """The same without a softmax."""
    logits = keras.layers.Dense(3, name="emotion")(healthy.get_layer("classifier_dropout").output)
    model = keras.Model(healthy.input, logits)
    model.compile("adam", "categorical_crossentropy")
    return model


def attend(checkups, model, batches):
    return checkups.attend("cnn", model, batches, Looker(model))


def test_a_healthy_stage_is_watched_and_nothing_is_said(healthy, batches, notes):
    checkups = Checkups(notes)
    watch = attend(checkups, healthy, batches)
    healthy.fit(batches, epochs=4, verbose=0, callbacks=[watch])
    assert notes.texts == []
    empty = {"stage": "cnn", "before": [], "during": []}
    assert checkups.as_dict() == {"format": 1, "forced": False, "stages": [empty]}


def test_an_error_stops_the_stage_before_its_first_step(ill, batches):
    checkups = Checkups(Listener())
    with pytest.raises(TrainingError, match=r"^cnn: output-not-probabilities at .* --force"):
        attend(checkups, ill, batches)
    (stage,) = checkups.as_dict()["stages"]
    assert [finding["name"] for finding in stage["before"]] == ["output-not-probabilities"]


@pytest.mark.parametrize("seed", range(3))
def test_a_small_batch_may_be_of_one_class(healthy, make_clips, seed):
    """One clip of eighteen is of another class, so nearly every first batch is of one."""
    classes = np.arange(18) // 17
    clips = replace(make_clips(), classes=classes)
    options = TrainingOptions(batch_size=2, inputs=("image",), seed=seed)
    few = TrainingBatches(clips, options)
    assert len(set(few[0][1].argmax(axis=1))) == 1
    attend(Checkups(Listener()), healthy, few)
    values = np.random.default_rng(1).normal(size=(18, 4)).astype("float32")
    embedded = Embedded({"cnn": values}, np.arange(18), classes, 3)
    head = classifier_head("cnn", 4, answer=Classes(3))
    head.compile("adam", "categorical_crossentropy")
    attend(Checkups(Listener()), head, HeadBatches(embedded, np.ones(18), batch_size=2, seed=seed))


def test_clips_of_one_class_alone_are_an_error(healthy, make_clips):
    clips = replace(make_clips(), classes=np.ones(18, int))
    batches = TrainingBatches(clips, TrainingOptions(batch_size=2, inputs=("image",)))
    with pytest.raises(TrainingError, match="one-class-only"):
        attend(Checkups(Listener()), healthy, batches)


def test_forced_it_goes_on_and_is_recorded(ill, batches, notes):
    checkups = Checkups(notes, force=True)
    assert attend(checkups, ill, batches).findings == ()
    assert notes.texts[0].startswith("error: cnn: output-not-probabilities at ")
    assert checkups.as_dict()["forced"] is True


def test_the_clip_that_brings_nan_is_named(healthy, make_clips):
    clips = make_clips()
    clips.views["log_mel"][4][2, 3] = np.nan
    batches = TrainingBatches(clips, TrainingOptions(batch_size=18, inputs=("image",)))
    checkups = Checkups(Listener(), force=True)
    watch = attend(checkups, healthy, batches)
    healthy.fit(batches, epochs=1, verbose=0, callbacks=[watch])
    assert watch.findings[0].name == "training-not-finite"
    assert watch.findings[0].seen.endswith("for samples clip4.wav@0")


def test_embeddings_behind_a_relu_may_be_sparse():
    """Units of a frozen branch that are 0 throughout are no failed extraction."""
    values = np.random.default_rng(1).normal(size=(12, 4)).astype("float32")
    values[:, 1] = 0
    classes = np.arange(12) % 3
    embedded = Embedded({"cnn": values}, np.arange(12), classes, 3)
    batches = HeadBatches(embedded, np.ones(12), batch_size=12, seed=0)
    model = classifier_head("cnn", 4, answer=Classes(3))
    model.compile("adam", "categorical_crossentropy")
    checkups = Checkups(Listener())
    attend(checkups, model, batches)
    assert checkups.as_dict()["stages"][0]["before"] == []
