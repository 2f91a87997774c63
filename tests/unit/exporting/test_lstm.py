"""LSTM layers as one operation each, against the loops of Keras and onnxruntime's own LSTM."""

from collections import Counter
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from speechsent.branches.lstm import LstmBranch
from speechsent.exporting.lstm import HANDLERS, in_onnx_order, is_plain, lstms, whole_lstms

N_FRAMES, N_FEATURES = 9, 3
HEARD = np.array(
    [
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 1, 0, 1],
        [1, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]
)
BRANCHES = {
    "default": LstmBranch(units=(4, 5), embedding=3),
    "one direction": LstmBranch(units=(4, 2, 3), bidirectional=False, embedding=0),
    "last state": LstmBranch(units=(4, 3), pooling="last"),
    "last state, one direction": LstmBranch(units=(5,), pooling="last", bidirectional=False),
    "two streams": LstmBranch(streams=("mfcc", "prosody"), units=(3,), pooling="attention"),
}


@pytest.fixture(params=BRANCHES)
def branch(request):
    """Few channels, because random weights of many blow rounding up."""
    return replace(BRANCHES[request.param], channels=6, dilations=(1,))


def network(branch):
    """A branch whose biases are not the zeros and ones they begin as."""
    model = branch.build(dict.fromkeys(branch.streams, (N_FRAMES, N_FEATURES)))
    rng = np.random.default_rng(1)
    for weight in model.weights:
        values = rng.normal(scale=0.5, size=weight.shape)
        weight.assign(np.abs(values) if weight.path.endswith("variance") else values)
    return model


def clips(branch, *, heard=HEARD):
    """Five clips of which some frames are padding, wherever it stands."""
    values = np.random.default_rng(2).normal(size=(len(heard), N_FRAMES, N_FEATURES))
    return {stream: (values * heard[..., None]).astype(np.float32) for stream in branch.streams}


def traced(model):
    """The model as a graph without loops."""
    signature = {t.name: tf.TensorSpec((None, *t.shape[1:]), tf.float32) for t in model.inputs}
    with whole_lstms(model):
        return tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)


def test_it_says_what_the_loops_of_keras_say_wherever_padding_stands(branch):
    model = network(branch)
    found = traced(model)(clips(branch))
    np.testing.assert_allclose(found, model(clips(branch)), rtol=1e-5, atol=1e-6)


def test_no_loop_is_left_and_none_is_lost_behind_the_block(branch):
    model = network(branch)
    n_layers = len(branch.units) * len(branch.streams) * (1 + branch.bidirectional)
    assert len(list(lstms(model))) == n_layers
    assert kinds(traced(model))["BlockLSTMV2"] == n_layers
    assert not loops(traced(model))
    after = tf.function(lambda x: model(x, training=False)).get_concrete_function(clips(branch))
    assert loops(after)


def test_what_is_masked_says_nothing_in_a_single_layer_as_in_keras():
    for zeroed in (False, True):
        for backwards in (False, True):
            x = inputs = keras.Input((N_FRAMES, N_FEATURES), name="mfcc")
            x = keras.layers.Masking()(x)
            layer = keras.layers.LSTM(
                4, return_sequences=True, go_backwards=backwards, zero_output_for_mask=zeroed
            )
            model = keras.Model({"mfcc": inputs}, layer(x))
            values = clips(BRANCHES["default"])
            np.testing.assert_allclose(traced(model)(values), model(values), atol=1e-6)


def test_without_a_mask_every_frame_is_heard():
    inputs = keras.Input((N_FRAMES, N_FEATURES), name="mfcc")
    model = keras.Model({"mfcc": inputs}, keras.layers.LSTM(4)(inputs))
    values = clips(BRANCHES["default"])
    np.testing.assert_allclose(traced(model)(values), model(values), atol=1e-6)


@pytest.mark.parametrize(
    "change",
    [{"activation": "relu"}, {"recurrent_activation": "hard_sigmoid"}, {"use_bias": False}],
)
def test_a_layer_that_computes_something_else_keeps_its_loop(change):
    inputs = keras.Input((N_FRAMES, N_FEATURES), name="mfcc")
    layer = keras.layers.LSTM(4, **change)
    model = keras.Model({"mfcc": inputs}, layer(inputs))
    assert not is_plain(layer)
    values = clips(BRANCHES["default"])
    np.testing.assert_allclose(traced(model)(values), model(values), atol=1e-6)


def test_gates_are_reordered_as_onnx_documents_them():
    """Keras: in, forget, cell, out. ONNX: in, out, forget, cell."""
    rows = np.array([[1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6], [7, 7], [8, 8]])
    assert in_onnx_order(rows)[:, 0].tolist() == [1, 2, 7, 8, 3, 4, 5, 6]


def test_onnxruntime_answers_with_its_own_lstm_as_keras_does(branch):
    for module in ("onnx", "onnxruntime", "tf2onnx"):
        pytest.importorskip(module, reason="needs the extra [onnx]")
    import onnxruntime
    import tf2onnx

    model = network(branch)
    signature = [{t.name: tf.TensorSpec((None, *t.shape[1:]), tf.float32) for t in model.inputs}]
    with whole_lstms(model):
        function = tf.function(lambda x: model(x, training=False), input_signature=signature)
        written, _ = tf2onnx.convert.from_function(
            function, input_signature=signature, opset=18, custom_op_handlers=HANDLERS
        )
    nodes = Counter(node.op_type for node in written.graph.node)
    assert nodes["LSTM"] == len(list(lstms(model)))
    assert nodes["Loop"] == 0
    session = onnxruntime.InferenceSession(
        written.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    for heard in (HEARD, HEARD[1:2]):
        values = clips(branch, heard=heard)
        (found,) = session.run(None, {f"x_{name}": array for name, array in values.items()})
        np.testing.assert_allclose(found, model(values), rtol=1e-5, atol=1e-6)


def kinds(function):
    """How often each operation stands in a graph and in what it calls."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for part in graph.library.function for node in part.node_def)]
    return Counter(node.op for node in nodes)


def loops(function):
    """How many loops a graph holds."""
    return sum(n for kind, n in kinds(function).items() if "While" in kind)
