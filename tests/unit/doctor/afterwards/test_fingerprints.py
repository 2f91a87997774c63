"""Figures of published logs: what their losses give away."""

import numpy as np
import pytest

from speechsent.doctor.afterwards.fingerprints import fingerprints, saturation


@pytest.mark.parametrize(
    ("loss", "accuracy", "constant"),
    [
        ([7.0776, 6.7163], [0.5560, 0.5787], 15.942),
        ([11.4543, 11.4543], [0.4473, 0.4473], 20.723),
        ([2.3156, 4.8581], [0.8563, 0.6986], 16.118),
    ],
    ids=["softmax of one", "kernel over the whole image", "features not scaled"],
)
def test_wrong_answers_at_a_constant_cost(curves, loss, accuracy, constant):
    (found,) = fingerprints(curves(loss=loss, acc=accuracy))
    assert found.name == "saturated-loss"
    assert found.severity == "error"
    assert found.seen.startswith(f"loss / (1 - accuracy) = {constant:g} in 2 epochs")
    assert "saturated" in found.why


def test_logits_given_as_probabilities_cost_where_they_are_right(curves):
    (found,) = fingerprints(curves(loss=[5.3, 4.9421, 4.9421], acc=[0.33, 0.3066, 0.3066]))
    assert found.seen.startswith("loss / accuracy = 16.118 in 2 epochs")
    assert "from_logits=True" in found.remedy


def test_validation_figures_alone_do(curves):
    (found,) = fingerprints(
        curves(loss=[1.0, 0.9], acc=[0.5, 0.6], val_loss=[8.059, 8.059], val_acc=[0.5, 0.5])
    )
    assert found.at == "training, val_loss"


def test_once_is_chance_and_so_is_every_other_epoch():
    assert saturation(np.array([8.059]), np.array([0.5])) is None
    assert saturation(np.array([8.059, 1.0, 8.059]), np.array([0.5] * 3)) is None
    assert saturation(np.array([8.059, 8.12]), np.array([0.5] * 2)) is None  # .75 % off
    assert saturation(np.array([8.059, 8.059]), np.array([0.5] * 2)) == (16.118, 2)


def test_uar_is_no_share_of_wrong_answers(curves):
    assert not [*fingerprints(curves(loss=[8.059, 8.059], uar=[0.5, 0.5]))]


def test_shares_near_nothing_are_left_out():
    """.0001 wrong, rounded to four digits, may be half of that or twice."""
    assert saturation(np.array([0.0016118] * 3), np.array([0.0001] * 3)) is None
