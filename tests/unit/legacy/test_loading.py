import json

import h5py
import keras
import numpy as np
import pytest

from speechsent import legacy
from speechsent.errors import WeightsError


def answers(model, x):
    return np.asarray(model(x, training=False))


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("pair", [False, True], ids=["whole", "json and weights"])
def test_old_files_compute_what_keras_2_computed(old, kind, pair):
    files = old(kind)
    named = (files.json, files.weights) if pair else (files.whole,)
    loaded = legacy.load_model(*named)
    np.testing.assert_allclose(answers(loaded.model, files.x), files.expected(), atol=1e-6)
    assert loaded.version == "2.2.2"
    (finding,) = loaded.findings
    assert (finding.name, finding.at) == ("old-gate-restored", "rnn_1")


def test_keras_itself_reads_them_as_something_else(old):
    """Why all this is needed."""
    files = old()
    wrong = answers(keras.models.load_model(files.whole, compile=False), [files.x])
    assert np.abs(wrong - files.expected()).max() > 0.02


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_sequential_of_2018_is_read_and_the_files_may_come_in_any_order(old_sequential, kind):
    files = old_sequential(kind)
    loaded = legacy.load_model(files.weights, files.json)
    np.testing.assert_allclose(answers(loaded.model, files.x), files.expected(), atol=1e-6)


def written(folder, layer, weights):
    """Files of a Sequential of one layer, as Keras 2.2.4 wrote them."""
    name = layer["config"]["name"]
    described = {"class_name": "Sequential", "config": {"name": "model", "layers": [layer]}}
    (folder / "one.json").write_text(json.dumps({**described, "keras_version": "2.2.4"}))
    with h5py.File(folder / "one.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = b"2.2.4", b"tensorflow"
        file.attrs["layer_names"] = [name.encode()]
        names = [f"{name}/{i}:0" for i in range(len(weights))]
        group = file.create_group(name)
        group.attrs["weight_names"] = np.array(names, dtype="S40")
        for place, values in zip(names, weights, strict=True):
            group.create_dataset(place, data=values)
    return folder / "one.json", folder / "one.h5"


@pytest.mark.parametrize("named", [False, True], ids=["one layer", "both layers"])
def test_both_directions_compute_what_keras_2_computed(old, tmp_path, named):
    forward, backward = old(), old()
    backward.recurrent = {name: -values for name, values in forward.recurrent.items()}
    backward.x = forward.x[:, ::-1]
    config = forward.described["config"]["layers"][1]["config"]
    both = {"name": "both", "merge_mode": "concat", "batch_input_shape": [None, 6, 3]}
    both["layer"] = {"class_name": "LSTM", "config": config}
    if named:
        inverse = {**config, "name": "rnn_2", "go_backwards": True}
        both["backward_layer"] = {"class_name": "LSTM", "config": inverse}
    weights = [*forward.recurrent.values(), *backward.recurrent.values()]
    loaded = legacy.load_model(
        *written(tmp_path, {"class_name": "Bidirectional", "config": both}, weights)
    )
    expected = np.concatenate([forward._lstm(), backward._lstm()], axis=1)
    np.testing.assert_allclose(answers(loaded.model, forward.x), expected, atol=1e-6)
    assert loaded.findings[0].at == ("rnn_1, rnn_2" if named else "rnn_1")


@pytest.mark.parametrize("stacked", [False, True])
def test_a_cell_computes_what_keras_2_computed(old, tmp_path, stacked):
    files = old()
    cell = {"class_name": "LSTMCell", "config": files.described["config"]["layers"][1]["config"]}
    for key in ("return_sequences", "return_state", "go_backwards", "stateful", "unroll"):
        del cell["config"][key]
    if stacked:
        cell = {"class_name": "StackedRNNCells", "config": {"name": "stack", "cells": [cell]}}
    config = {"name": "rnn", "cell": cell, "batch_input_shape": [None, 6, 3]}
    loaded = legacy.load_model(
        *written(tmp_path, {"class_name": "RNN", "config": config}, [*files.recurrent.values()])
    )
    np.testing.assert_allclose(answers(loaded.model, files.x), files._lstm(), atol=1e-6)


@pytest.mark.parametrize("network", [False, True])
def test_a_layer_or_network_for_each_step_computes_what_keras_2_computed(tmp_path, network):
    dense = {"name": "dense", "units": 2, "activation": "hard_sigmoid"}
    inner = {"class_name": "Dense", "config": dense}
    if network:
        first = {"class_name": "Dense", "config": {**dense, "batch_input_shape": [None, 3]}}
        inner = {"class_name": "Sequential", "config": {"name": "net", "layers": [first]}}
    config = {"name": "each", "layer": inner, "batch_input_shape": [None, 6, 3]}
    rng = np.random.default_rng(1)
    kernel, bias, x = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=(4, 6, 3))
    loaded = legacy.load_model(
        *written(tmp_path, {"class_name": "TimeDistributed", "config": config}, [kernel, bias])
    )
    expected = np.clip(0.2 * (x @ kernel + bias) + 0.5, 0, 1)
    np.testing.assert_allclose(answers(loaded.model, x.astype("f4")), expected, atol=1e-6)


def test_code_within_a_wrapper_is_refused(old):
    files = old()
    layer = files.described["config"]["layers"][1]
    code = {"class_name": "Lambda", "config": {"name": "run_me"}}
    layer.update(class_name="RNN", config={"name": "rnn_1", "cell": code})
    files.write()
    with pytest.raises(WeightsError, match="'run_me' is a Lambda"):
        legacy.load_model(files.whole)


def test_sigmoid_gates_need_no_mending(old):
    assert legacy.load_model(old(recurrent_activation="sigmoid").whole).findings == ()


def test_what_was_mended_stays_mended_when_it_is_saved(old, tmp_path):
    files = old()
    legacy.load_model(files.whole).model.save(tmp_path / "new.keras")
    again = keras.models.load_model(tmp_path / "new.keras")
    np.testing.assert_allclose(answers(again, files.x), files.expected(), atol=1e-6)


def test_examining_tells_what_was_changed_and_nothing_twice(old):
    diagnosis = legacy.examine_files(old().whole)
    assert [f.name for f in diagnosis.findings] == ["old-gate-restored"]
    assert diagnosis.scope == ("Keras 2.2.2", "the layers")


def test_code_in_a_file_is_refused(old):
    files = old()
    layer = files.described["config"]["layers"][2]
    layer["class_name"] = "Lambda"
    layer["config"] = {"name": "dense_1", "function": ["print('run')", None, None]}
    files.write()
    with pytest.raises(WeightsError, match="'dense_1' is a Lambda: it is code"):
        legacy.load_model(files.whole)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("CuDNNLSTM", "save the model again as LSTM"), ("Capsule", "which Keras does not know")],
)
def test_layers_that_are_gone_are_named(old, kind, message):
    files = old()
    files.described["config"]["layers"][1]["class_name"] = kind
    files.write()
    with pytest.raises(WeightsError, match=message) as error:
        legacy.load_model(files.json, files.weights)
    assert "\n" not in str(error.value)


def test_weights_alone_need_their_json(old):
    with pytest.raises(WeightsError, match="weights alone; name the JSON"):
        legacy.load_model(old().weights)


def test_a_network_that_ends_in_a_layer_it_lacks_is_refused(old):
    files = old()
    files.described["config"]["layers"].pop()
    files.write()
    with pytest.raises(WeightsError, match="cannot be rebuilt"):
        legacy.load_model(files.whole)


def test_a_json_alone_needs_its_weights(old):
    with pytest.raises(WeightsError, match=r"layers alone; name the HDF5 file"):
        legacy.load_model(old().json)


def test_weights_of_another_network_are_refused(old):
    files = old()
    with h5py.File(files.weights, "r+") as file:
        del file["rnn_1/rnn_1/kernel:0"]
        file.create_dataset("rnn_1/rnn_1/kernel:0", data=np.zeros((7, 16), "f4"))
    with pytest.raises(WeightsError, match="cannot be rebuilt"):
        legacy.load_model(files.json, files.weights)


def test_weights_that_are_no_numbers_are_refused(old):
    files = old()
    files.dense["bias"][0] = np.nan
    files.write()
    with pytest.raises(WeightsError, match="not numbers"):
        legacy.load_model(files.whole)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not a JSON file"),
        ("[1]", "not of a model"),
        ('{"class_name": "Dense"}', "no network"),
        ("[" * 100_000, "not a JSON file"),
        ('{"class_name": "Sequential", "config": []}', "without layers"),
        (
            '{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": '
            '"d", "units": 1000000000, "batch_input_shape": [null, 1000000]}}]}',
            "cannot be rebuilt",
        ),
    ],
)
def test_other_jsons_are_refused(old, tmp_path, content, message):
    (tmp_path / "other.json").write_text(content)
    with pytest.raises(WeightsError, match=message):
        legacy.load_model(tmp_path / "other.json", old().weights)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.h5").write_text("no")
    with pytest.raises(WeightsError, match="not an HDF5 file"):
        legacy.load_model(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = [1]
    with pytest.raises(WeightsError, match="not of Keras 2"):
        legacy.load_model(tmp_path / "b.h5")


@pytest.mark.parametrize("described", ["{", "[1]", "3", 3, "[" * 20_000])
def test_a_damaged_description_is_told(tmp_path, described):
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file.attrs["model_config"] = described
    with pytest.raises(WeightsError, match="model_config is damaged"):
        legacy.load_model(tmp_path / "c.h5")


def test_a_json_in_a_text_is_read(old):
    """``json.dump(model.to_json(), file)`` is often met."""
    files = old()
    files.json.write_text(json.dumps(files.json.read_text()))
    assert legacy.load_model(files.json, files.weights).version == "2.2.2"


def test_files_of_keras_3_keep_its_gate(tmp_path):
    model = keras.Sequential(
        [keras.Input((4, 2)), keras.layers.LSTM(3, recurrent_activation="hard_sigmoid")]
    )
    model.save(tmp_path / "new.h5")
    loaded = legacy.load_model(tmp_path / "new.h5")
    assert loaded.findings == ()
    x = np.ones((2, 4, 2), "f4")
    np.testing.assert_allclose(answers(loaded.model, x), answers(model, x), atol=1e-6)
