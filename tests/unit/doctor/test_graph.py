import keras
import pytest
from keras import layers

from speechsent.doctor.graph import (
    batchnorm_layers,
    behind_passive,
    entries,
    graph_of,
    leaves,
)


def upstream(node):
    """All calls before one, the nearest first."""
    waiting, seen = list(node.parents), set()
    while waiting:
        near = waiting.pop(0)
        if id(near) not in seen:
            seen.add(id(near))
            waiting += near.parents
            yield near


@pytest.fixture
def nested():
    """Two inputs through one shared Sequential, joined by an operation that is no layer."""
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d"), layers.ReLU(name="r")])
    inputs = {"b": keras.Input((4,), name="b"), "a": keras.Input((4,), name="a")}
    joined = keras.ops.add(inner(inputs["b"]), inner(inputs["a"]))
    return keras.Model(inputs, {"z": layers.Dense(2, name="out")(joined)})


def plain(node):
    """The name without the number which Keras gives to operations."""
    return node.name.rstrip("_0123456789")


def test_nested_models_are_opened_once_for_each_call(nested):
    names = [plain(node) for node in graph_of(nested).nodes]
    assert sorted(names) == ["a", "add", "b", "d", "d", "out", "r", "r"]
    assert names.index("add") > max(i for i, name in enumerate(names) if name == "r")


def test_parents_cross_the_border_of_a_nested_model(nested):
    (out,) = graph_of(nested).outputs
    assert [plain(node) for node in upstream(out)] == ["add", "r", "r", "d", "d", "b", "a"]


def test_outputs_carry_the_keys_of_a_dict(nested):
    assert graph_of(nested).names == ("z",)


def test_leaves_name_a_shared_layer_once(nested):
    assert [la.name for la in leaves(nested) if la.weights] == ["d", "out"]


class Block(layers.Layer):
    """A layer made of layers, in a list."""

    def __init__(self, **more):
        super().__init__(**more)
        self.parts = [layers.Dense(3, name="inner"), layers.BatchNormalization(name="inner_bn")]

    def call(self, inputs):
        for part in self.parts:
            inputs = part(inputs)
        return inputs


def test_leaves_are_found_inside_layers_but_recurrent_ones_stay_whole(network):
    base = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="d"), layers.BatchNormalization(name="bn")]
    )
    lstm = layers.Bidirectional(layers.LSTM(2, name="lstm"), name="both")
    model = network((6, 4), layers.TimeDistributed(base, name="each"), Block(name="block"), lstm)
    names = [la.name for la in leaves(model)]
    assert names == ["each", "d", "bn", "block", "inner", "inner_bn", "both"]
    assert [la.name for la in batchnorm_layers(model)] == ["bn", "inner_bn"]


def test_outputs_of_inner_models_are_called_by_the_models_names():
    """As Keras takes losses and labels for them."""
    inputs = keras.Input((4,))
    heads = [keras.Sequential([layers.Dense(n)], name=name) for name, n in (("a", 3), ("b", 2))]
    model = keras.Model(inputs, [head(inputs) for head in heads])
    assert graph_of(model).names == ("a", "b")


def test_entries_are_behind_preprocessing_and_before_everything_else(network):
    model = network(
        (4,),
        layers.Rescaling(2.0),
        layers.Normalization(mean=0.0, variance=1.0),
        layers.Dense(3, name="first"),
        layers.Dense(2),
    )
    assert [node.name for node in entries(graph_of(model))] == ["first"]


def test_passive_layers_are_looked_through(network):
    model = network((4,), layers.Dense(4, name="d"), layers.Dropout(0.1), layers.Reshape((2, 2)))
    assert behind_passive(graph_of(model).outputs[0]).name == "d"


def test_a_subclassed_model_has_no_graph():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    assert graph_of(Own()) is None
