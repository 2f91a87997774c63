"""Looks cost passes: one each, a second where BatchNorm trains, and none before the first step."""

import numpy as np
import pytest
from keras import layers

from speechsent.doctor.inflight.look import Looker
from speechsent.doctor.inflight.rounds import Rounds
from speechsent.doctor.inflight.weights import values_of

SPARSE = "sparse_categorical_crossentropy"


class Counting(Looker):
    """Notes the mode of each pass."""

    def __init__(self, model):
        super().__init__(model)
        self.modes = []

    def look(self, x, heads, *, training=False, **more):
        self.modes.append("training" if training else "inference")
        return super().look(x, heads, training=training, **more)

    def since(self):
        modes, self.modes = self.modes, []
        return modes


@pytest.fixture
def sparse(network):
    """Six of ten units are 0 for every sample."""
    bias = np.array([-100.0] * 6 + [100.0] * 4)
    return network((5,), layers.Dense(10, "relu", name="hidden"), layers.Dense(3)), bias


def rounds_of(model, x, y=None):
    looker = Counting(model)
    return Rounds(looker, x, y, values_of(model.weights)), looker


def kill(model, bias, n):
    model.get_layer("hidden").bias.assign(np.where(np.arange(10) < n, -100.0, bias))


def test_nothing_is_looked_at_before_the_first_step(sparse, features):
    model, bias = sparse
    kill(model, bias, 6)
    rounds, looker = rounds_of(model, features)
    assert [*rounds.visit(10, {}), *rounds.visit(60, {})] == []
    assert looker.modes == ["inference", "inference"]


def test_units_that_died_by_the_first_look_are_held_against_the_start(sparse, features):
    """Six of ten at the start, eight after ten steps; the weights stay those of today."""
    model, bias = sparse
    kill(model, bias, 6)
    rounds, looker = rounds_of(model, features)
    kill(model, bias, 8)
    today = [v.numpy() for v in model.variables]
    (found,) = rounds.visit(10, {})
    assert found.seen == "80% of its channels are 0 for all of 60 samples (60% at first)"
    assert len(looker.modes) == 2
    for before, now in zip(today, model.variables, strict=True):
        np.testing.assert_array_equal(before, now.numpy())


def test_units_that_were_dead_before_training_are_not_told(sparse, features):
    model, bias = sparse
    kill(model, bias, 8)
    rounds, _ = rounds_of(model, features)
    assert [*rounds.visit(10, {}), *rounds.visit(60, {})] == []


def test_units_that_die_later_are_held_against_the_first_look(sparse, features):
    model, bias = sparse
    kill(model, bias, 6)
    rounds, looker = rounds_of(model, features)
    assert list(rounds.visit(10, {})) == []
    kill(model, bias, 10)
    (found,) = rounds.visit(60, {})
    assert (found.severity, len(looker.modes)) == ("error", 2)
    assert "100% of its channels" in found.seen


@pytest.mark.parametrize("recurrent", [False, True])
def test_the_start_is_looked_at_with_its_own_weights(network, features, rng, recurrent):
    """All units alive then, nine of ten dead now."""
    first = layers.LSTM(5) if recurrent else layers.Dense(5)
    shape = (4, 5) if recurrent else (5,)
    model = network(shape, first, layers.Dense(10, "relu", name="hidden"), layers.Dense(3))
    kill(model, np.full(10, 100.0), 0)
    rounds, _ = rounds_of(model, rng.normal(size=(60, *shape)).astype("float32"))
    kill(model, np.full(10, 100.0), 9)
    (found,) = rounds.visit(10, {})
    assert found.seen == "90% of its channels are 0 for all of 60 samples (0% at first)"


@pytest.fixture
def normalised(network, features):
    """BatchNorm with the statistics of these very samples, so that both modes are one."""
    model = network((5,), layers.BatchNormalization(), layers.Dense(3, "softmax"), loss=SPARSE)
    norm = model.layers[0]
    norm.moving_mean.assign(features.mean(axis=0))
    norm.moving_variance.assign(features.var(axis=0))
    return model, norm


def test_modes_that_agree_are_compared_in_every_second_look_and_in_the_last(
    normalised, features, numbers
):
    rounds, looker = rounds_of(normalised[0], features, numbers)
    both = ["inference", "training"]
    expected = [(10, both), (60, both[:1]), (90, both), (135, both[:1]), (203, both)]
    for step, modes in expected:
        assert list(rounds.visit(step, {})) == []
        assert looker.since() == modes
    assert list(rounds.visit(250, {}, last=True)) == []
    assert looker.since() == both


def test_modes_that_come_apart_are_told_one_look_later_at_most(normalised, features, numbers):
    model, norm = normalised
    model.layers[1].kernel.assign(30 * model.layers[1].kernel)
    rounds, looker = rounds_of(model, features, numbers)
    assert list(rounds.visit(10, {})) == []
    norm.moving_variance.assign(100 * norm.moving_variance)
    told = [[f.name for f in rounds.visit(step, {})] for step in (60, 90)]
    assert ["batchnorm-modes-disagree" in names for names in told] == [False, True]
    looker.since()
    list(rounds.visit(135, {}))
    assert looker.since() == ["inference", "training"]
