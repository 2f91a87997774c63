from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from speechsent.doctor.graph import graph_of
from speechsent.doctor.heads import as_compiled, class_indices, heads_of


def heads(model, loss=None, y=None):
    return heads_of(graph_of(model), loss, y, None)


@pytest.mark.parametrize(
    ("loss", "kind", "from_logits"),
    [
        ("sparse_categorical_crossentropy", "sparse", False),
        ("CategoricalCrossentropy", "categorical", False),
        (keras.losses.categorical_crossentropy, "categorical", False),
        (keras.losses.BinaryFocalCrossentropy(from_logits=True), "binary", True),
        ("mse", "regression", False),
        (keras.losses.LogCosh(), "regression", False),
        ("poisson", "regression", False),
        ("mape", "regression", False),
        (keras.losses.MeanSquaredLogarithmicError(), "regression", False),
        (keras.losses.CosineSimilarity(), "regression", False),
        ("squared_hinge", "regression", False),
        (lambda y, p: p, "other", False),
        (partial(keras.losses.huber, delta=2.0), "other", False),
        (as_compiled(partial(keras.losses.huber, delta=2.0)), "other", False),
        (None, "none", False),
    ],
)
def test_losses_are_known_in_each_spelling(mlp, loss, kind, from_logits):
    (head,) = heads(mlp, loss)
    assert (head.kind, head.from_logits) == (kind, from_logits)


@pytest.mark.parametrize(
    ("stack", "activation", "bare"),
    [
        ([layers.Dense(3, "softmax")], "softmax", True),
        ([layers.Dense(3), layers.Softmax()], "softmax", True),
        ([layers.Dense(3, "softmax"), layers.Activation("linear")], "softmax", False),
        ([layers.Dense(4, "sigmoid"), layers.Reshape((2, 2))], "sigmoid", False),
        ([layers.Dense(3, tf.nn.softmax)], "softmax", True),
        ([layers.Dense(3)], "linear", True),
        ([layers.Dense(3), layers.Rescaling(2.0)], "", True),
    ],
)
def test_the_last_activation_and_whether_something_follows(network, stack, activation, bare):
    (head,) = heads(network((5,), *stack))
    assert (head.activation, head.bare) == (activation, bare)


def test_the_softmax_of_a_nested_model_is_seen(mlp):
    inputs = keras.Input((5,))
    (head,) = heads(keras.Model(inputs, mlp(inputs)))
    assert (head.activation, head.units) == ("softmax", 3)


def test_losses_and_labels_are_given_by_name_or_in_order():
    inputs = keras.Input((5,))
    outputs = [layers.Dense(1, name="b")(inputs), layers.Dense(2, name="a")(inputs)]
    model = keras.Model(inputs, outputs)
    by_name = heads(model, {"a": "mse", "b": "mae"}, {"a": np.zeros((4, 2)), "b": np.ones(4)})
    in_order = heads(model, ["mae", "mse"], [np.ones(4), np.zeros((4, 2))])
    for found in (by_name, in_order):
        assert [head.name for head in found] == ["b", "a"]
        assert [head.loss.__name__ for head in found] == [
            "mean_absolute_error",
            "mean_squared_error",
        ]
        assert [head.targets.shape for head in found] == [(4,), (4, 2)]


def test_a_model_without_graph_or_answers_has_no_outputs_to_speak_of():
    assert heads_of(None, "mse", np.zeros(4), None) == []


@pytest.mark.parametrize(
    ("targets", "classes"),
    [
        (np.array([2, 0]), [2, 0]),
        (np.array([[1.0], [0.0]]), [1, 0]),
        (np.eye(3)[[1, 2]], [1, 2]),
        (np.array([True, False]), [1, 0]),
        (np.array([[1, 1], [0, 1]]), None),
        (np.array([0.5, 1.0]), None),
        (np.array(["a", "b"]), None),
        (None, None),
    ],
)
def test_classes_are_read_off_whole_numbers_and_one_hot_rows(targets, classes):
    found = class_indices(targets)
    assert (None if found is None else found.tolist()) == classes


def test_numbers_of_a_regression_are_no_classes():
    assert class_indices(np.array([1.0, 2.0]), "regression") is None


@pytest.mark.parametrize(
    ("units", "targets", "classes"),
    [
        (1, [0, 1, 1], [0, 1, 1]),
        (1, [3, 20, 1], None),
        (1, [-1, 1, 1], None),
        (3, [2, 0, 1], [2, 0, 1]),
        (3, [3, 0, 1], None),
    ],
)
def test_counts_are_no_classes_where_the_loss_does_not_say(network, units, targets, classes):
    (head,) = heads(network((5,), layers.Dense(units)), lambda y, p: p, np.array(targets))
    assert (None if head.classes is None else head.classes.tolist()) == classes
