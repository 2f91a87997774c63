from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss, recall_score

from speechsent.answers import Classes, cross_entropy
from speechsent.errors import TrainingError
from speechsent.fusion import classifier
from speechsent.training.callbacks import EpochScores, KeepBest, Report
from speechsent.training.inference import clip_outputs
from speechsent.training.listener import Listener


@pytest.fixture
def one_weight():
    """A model of a single number, to see which epoch's weights are in it."""
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])


def run(model, patience, scores):
    """Feed epochs of (val_uar, val_loss) to the callback; the weight is the epoch's number."""
    keep = KeepBest(patience)
    keep.set_model(model)
    model.stop_training = False
    for epoch, (uar, loss) in enumerate(scores):
        model.set_weights([np.full((1, 1), epoch + 1.0)])
        keep.on_epoch_end(epoch, {"val_uar": uar, "val_loss": loss})
        if model.stop_training:
            break
    keep.on_train_end()
    return keep.best_epoch, epoch + 1, float(model.get_weights()[0][0, 0])


@pytest.mark.parametrize(
    ("scores", "best", "last"),
    [
        ([(0.2, 1.0), (0.5, 1.0), (0.4, 0.1), (0.3, 0.1), (0.9, 0.1)], 2, 4),
        ([(0.5, 1.0), (0.5, 0.9), (0.5, 0.9), (0.5, 0.95)], 2, 4),
        ([(0.1, 9.0), (0.2, 9.0), (0.3, 9.0)], 3, 3),
        ([(0.4, 1.0), (0.3, 0.5), (0.5, 2.0), (0.1, 0.1)], 3, 4),
    ],
    ids=["stops after two worse", "ties by loss", "still rising", "patience starts anew"],
)
def test_the_best_epoch_is_kept_and_training_stops(one_weight, scores, best, last):
    assert run(one_weight, 2, scores) == (best, last, best)


def score(model, train, validation, logs=None):
    callback = EpochScores(train, validation)
    callback.set_model(model)
    logs = {"loss": 1.0} if logs is None else logs
    callback.on_epoch_end(0, logs)
    return logs


def test_scores_are_those_of_scikit_learn(make_branches, make_clips):
    model = classifier(make_branches()["lstm"], answer=Classes(3))
    train, validation = make_clips(30), make_clips(17, seed=9)
    logs = score(model, train, validation)
    for name, clips in (("uar", train), ("val_uar", validation)):
        predicted = clip_outputs(model, clips).argmax(axis=1)
        expected = recall_score(clips.classes, predicted, average="macro")
        assert logs[name] == pytest.approx(expected)
    probabilities = clip_outputs(model, validation).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # scikit-learn is exact about 1
    expected = log_loss(validation.classes, probabilities)
    assert logs["val_loss"] == pytest.approx(expected, rel=1e-5)
    assert logs["objective"] == 1.0  # what was minimised keeps a name of its own


def test_by_speaker_a_voice_that_always_sounds_alike_is_scored_by_its_differences(make_clips):
    """Each voice is told one class throughout, a little less where the other is right."""
    speakers = ("a",) * 20 + ("b",) * 20
    clips = replace(make_clips(40), classes=np.arange(40) % 2, speakers=speakers, n_classes=2)
    told = np.where(clips.classes == 0, 0.9, 0.7)
    told[20:] -= 0.6
    answers = np.stack([told, 1 - told], axis=1)
    for by_speaker, expected in ((False, 0.5), (True, 1.0)):
        scores = EpochScores(clips, clips, lambda *_: answers, by_speaker=by_speaker)
        logs = {}
        scores.on_epoch_end(0, logs)
        assert logs["val_uar"] == expected


def test_cross_entropy_by_hand():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    expected = -(np.log(0.5) + np.log(0.75) + np.log(1e-7)) / 3
    assert cross_entropy(probabilities, np.array([0, 1, 1])) == pytest.approx(expected)


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_training(one_weight, make_clips, loss):
    with pytest.raises(TrainingError, match=r"after epoch 1; lower fit\.learning_rate"):
        score(one_weight, make_clips(), make_clips(), {"loss": loss})


class Recorder(Listener):
    def __init__(self):
        self.heard = []

    def begin(self, stage, total, unit):
        self.heard.append(("begin", stage, total, unit))

    def step(self, done):
        self.heard.append(("step", done))

    def epoch(self, number, logs):
        self.heard.append(("epoch", number, logs["val_uar"]))

    def end(self):
        self.heard.append(("end",))


def test_the_listener_hears_of_steps_and_epochs_in_order():
    listener = Recorder()
    report = Report(listener, "joint", epochs=2, n_steps=2)
    logs = {"objective": 4, "loss": 1, "uar": 0.5, "val_loss": 2, "val_uar": 0.25, "other": 3}
    for epoch in range(2):
        for step in range(2):
            report.on_train_batch_end(step)
        report.on_epoch_end(epoch, logs)
    report.on_train_end()
    assert listener.heard == [
        ("begin", "joint", 4, "steps"),
        ("step", 1),
        ("step", 2),
        ("epoch", 1, 0.25),
        ("step", 3),
        ("step", 4),
        ("epoch", 2, 0.25),
        ("end",),
    ]
    row = {"epoch": 2, "objective": 4, "loss": 1, "uar": 0.5, "val_loss": 2, "val_uar": 0.25}
    assert report.rows[1] == row


def test_a_listener_may_stay_silent():
    listener = Listener()
    replies = [
        listener.note("text"),
        listener.begin("joint", 1, "steps"),
        listener.step(1),
        listener.epoch(1, {}),
        listener.end(),
    ]
    assert replies == [None] * 5
