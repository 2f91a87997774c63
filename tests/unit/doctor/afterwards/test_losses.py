import numpy as np
import pytest

from speechsent.doctor.afterwards.losses import chance_classes, loss_findings


@pytest.fixture
def loss_of(curves, told):
    """What is told of a loss, and of accuracies beside it."""

    def find(loss, acc=None, n_classes=None):
        beside = {} if acc is None else {"acc": acc}
        return told(loss_findings(curves(loss=loss, **beside), n_classes))

    return find


def test_a_loss_that_falls_is_healthy(loss_of):
    assert loss_of([1.79, 1.5, 1.2, 1.0, 0.9], [0.2, 0.4, 0.5, 0.6, 0.65]) == []
    assert loss_of([1.79, 1.6, 1.5, 1.45, 1.42]) == []


def test_the_epoch_in_which_it_became_nan_is_told(curves):
    (found,) = loss_findings(curves(loss=[2.0, 31.0, np.nan, np.nan]), None)
    assert found.name == "training-not-finite"
    assert found.seen == "nan from epoch 3 on, 31 in the epoch before"


def test_the_same_to_the_last_digit(loss_of):
    assert loss_of([7.0776] * 4, [0.556] * 4) == ["nothing-changes"]
    assert loss_of([7.0776] * 2, [0.556] * 2) == []


def test_what_guessing_costs(loss_of):
    """Ln 6 = 1.7918: read off loss and accuracy, or by the number of classes."""
    loss = [1.80, 1.795, 1.793, 1.792]
    assert loss_of(loss, [0.16, 0.17, 0.18, 0.17]) == ["loss-at-chance"]
    assert loss_of([1.80, 1.77, 1.76, 1.765], n_classes=6) == ["loss-at-chance"]


def test_chance_needs_an_accuracy_that_agrees():
    loss = np.array([1.80, 1.795, 1.793])
    assert chance_classes(loss, np.array([0.16, 0.2, 0.17]), None) == 6
    assert chance_classes(loss, np.array([0.5, 0.6, 0.6]), None) is None
    assert chance_classes(loss, np.empty(0), None) is None
    assert chance_classes(loss, np.empty(0), 2) is None
    assert chance_classes(np.array([5.9, 6.5]), np.array([0.3, 0.3]), 6) is None


def test_a_loss_that_rises(loss_of):
    """Logits given as probabilities: 5.59 to 8.75 in ten epochs."""
    assert loss_of(np.linspace(5.59, 8.75, 10)) == ["loss-rises"]


def test_a_loss_below_zero_rises_towards_zero(loss_of):
    """Cosine similarity: by 2 % is none that rises, by 40 % is one."""
    assert "loss-rises" not in loss_of(np.linspace(-0.95, -0.93, 10))
    assert loss_of(np.linspace(-0.95, -0.57, 10)) == ["loss-rises"]


def test_flat_after_one_epoch(loss_of):
    assert loss_of([6.1, 4.9421, 4.9421, 4.9421, 4.9420]) == ["loss-does-not-move"]


def test_flat_where_all_is_learnt_is_no_fault(loss_of):
    assert loss_of([0.9, 0.011, 0.011, 0.011, 0.011]) == []
    assert loss_of([0.31, 0.3, 0.3, 0.3, 0.3], [0.9, 0.95, 0.95, 0.95, 0.96]) == []
