import numpy as np
import pytest

from speechsent.doctor.afterwards.scores import score_findings

FALLING = np.geomspace(1.8, 0.1, 12)


@pytest.fixture
def scores_of(curves, told):
    """What is told of some columns."""
    return lambda **columns: told(score_findings(curves(**columns)))


def test_an_accuracy_that_never_moves(scores_of):
    """A softmax over one unit: the loss falls all the while."""
    assert scores_of(loss=[0.77, 0.6, 0.5], acc=[0.6367] * 3) == ["accuracy-constant"]
    assert scores_of(loss=[9.0, 5, 5, 5, 5], acc=[0.4, 0.33, 0.33, 0.33, 0.33]) == [
        "accuracy-constant"
    ]
    assert scores_of(loss=[0.7, 0.6, 0.5], acc=[1.0] * 3) == []
    assert scores_of(loss=[0.7, 0.6, 0.5, 0.4], acc=[0.5, 0.6, 0.7, 0.7]) == []


def test_standing_still_at_the_end_is_told_of_long_trainings_of_keras_alone(scores_of):
    accuracy = [0.2, 0.3, 0.4, 0.5] + [0.55] * 10
    assert scores_of(loss=np.linspace(2, 1, 14), acc=accuracy) == ["accuracy-constant"]
    ours = {"uar": accuracy, "objective": np.linspace(2, 1, 14)}
    assert scores_of(loss=np.linspace(2, 1, 14), **ours) == []


def test_validation_that_never_improves(scores_of):
    """Sorted classes and validation_split: .883 in training, .142 in validation."""
    found = scores_of(
        loss=[1.7, 1.2, 0.8, 0.5, 0.3],
        acc=[0.3, 0.5, 0.7, 0.8, 0.883],
        val_loss=[3.84, 5, 6, 7, 8.12],
        val_acc=[0.14, 0.15, 0.142, 0.142, 0.142],
    )
    assert found == ["validation-never-improves"]


def test_the_epoch_in_which_overfitting_begins(curves):
    validation = np.concatenate([np.linspace(1.8, 1.0, 5), np.linspace(1.05, 1.6, 7)])
    (found,) = score_findings(curves(loss=FALLING, val_loss=validation))
    assert found.name == "overfitting"
    assert found.severity == "warning"
    assert found.at == "training, epoch 5"


def test_overfitting_is_a_note_where_the_best_epoch_was_kept(curves):
    validation = np.concatenate([np.linspace(1.8, 1.0, 5), np.linspace(1.05, 1.6, 7)])
    kept = {"kept": np.eye(12)[4]}
    (found,) = score_findings(curves(loss=FALLING, val_loss=validation, **kept))
    assert found.severity == "note"


def test_losses_below_0_get_worse_upwards(scores_of):
    """The best validation loss is -.95, a tenth above it -.855."""
    falling = -0.6 - 0.05 * np.arange(8)
    assert scores_of(loss=falling, val_loss=[-0.9, -0.95, *[-0.948] * 6]) == []
    assert scores_of(loss=falling, val_loss=[-0.9, -0.95, *[-0.8] * 6]) == ["overfitting"]
    nearly = np.linspace(-0.9, -0.96, 8)  # 5 % better than in the best epoch
    assert scores_of(loss=nearly, val_loss=[-0.9, -0.95, *[-0.8] * 6]) == []


def test_a_validation_loss_that_wavers_is_no_overfitting(scores_of):
    assert scores_of(loss=FALLING, val_loss=FALLING + 0.02 * np.sin(np.arange(12))) == []
    rising = np.concatenate([[1.0], np.linspace(1.2, 2.0, 11)])
    assert scores_of(loss=np.full(12, 1.8), val_loss=rising) == []  # training stands still too


def test_validation_above_training(scores_of):
    """Training .80 and validation .94 in the first epoch: dropout, and an average of the epoch."""
    columns = {"loss": [0.5, 0.4, 0.35], "acc": [0.80, 0.83, 0.85], "val_acc": [0.94, 0.95, 0.95]}
    assert scores_of(**columns) == ["validation-above-training"]
    assert scores_of(**columns, objective=[0.5, 0.4, 0.35]) == []
    close = {"loss": [0.5, 0.4], "acc": [0.80, 0.83], "val_acc": [0.82, 0.84]}
    assert scores_of(**close) == []
