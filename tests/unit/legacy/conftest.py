"""Model files as Keras 2.2.2 laid them out, written by hand with h5py."""

import json

import h5py
import numpy as np
import pytest

N_STEPS, N_FEATURES, UNITS, N_CLASSES = 6, 3, 4, 2
GATE_WIDTH = {"LSTM": 4, "GRU": 3}


def variance_scaling():
    config = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
    return {"class_name": "VarianceScaling", "config": config}


def old_layers(kind, gate):
    """Input, one recurrent layer, a softmax, as ``model.to_json()`` of Keras 2.2.2 wrote them."""
    start = {"batch_input_shape": [None, N_STEPS, N_FEATURES], "dtype": "float32", "sparse": False}
    recurrent = {
        "name": "rnn_1",
        "trainable": True,
        "return_sequences": False,
        "return_state": False,
        "go_backwards": False,
        "stateful": False,
        "unroll": False,
        "units": UNITS,
        "activation": "tanh",
        "recurrent_activation": gate,
        "use_bias": True,
        "kernel_initializer": variance_scaling(),
        "recurrent_initializer": {
            "class_name": "Orthogonal",
            "config": {"gain": 1.0, "seed": None},
        },
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "recurrent_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "recurrent_constraint": None,
        "bias_constraint": None,
        "dropout": 0.0,
        "recurrent_dropout": 0.0,
        "implementation": 1,
    }
    if kind == "LSTM":
        recurrent["unit_forget_bias"] = True
    dense = {
        "name": "dense_1",
        "trainable": True,
        "units": N_CLASSES,
        "activation": "softmax",
        "use_bias": True,
        "kernel_initializer": variance_scaling(),
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    return [
        ("InputLayer", {**start, "name": "input_1"}),
        (kind, recurrent),
        ("Dense", dense),
    ]


def functional(kind, gate):
    layers = old_layers(kind, gate)
    calls = [[], [[["input_1", 0, 0, {}]]], [[["rnn_1", 0, 0, {}]]]]
    config = {
        "name": "model_1",
        "layers": [
            {"name": c["name"], "class_name": k, "config": c, "inbound_nodes": called}
            for (k, c), called in zip(layers, calls, strict=True)
        ],
        "input_layers": [["input_1", 0, 0]],
        "output_layers": [["dense_1", 0, 0]],
    }
    return {"class_name": "Model", "config": config}


def sequential(kind, gate):
    """Before Keras 2.2.3 the configuration of a Sequential was a mere list."""
    (_, start), first, second = old_layers(kind, gate)
    first[1]["batch_input_shape"] = start["batch_input_shape"]
    layers = [{"class_name": kind, "config": config} for kind, config in (first, second)]
    return {"class_name": "Sequential", "config": layers}


class Files:
    """Files of one network, and what it computes with the formulas of Keras 2."""

    def __init__(self, folder, kind, gate, described):
        rng = np.random.default_rng(7)
        width = UNITS * GATE_WIDTH[kind]
        shapes = {"kernel": (N_FEATURES, width), "recurrent_kernel": (UNITS, width), "bias": width}
        self.recurrent = {n: rng.normal(size=s).astype("f4") for n, s in shapes.items()}
        shapes = {"kernel": (UNITS, N_CLASSES), "bias": N_CLASSES}
        self.dense = {n: rng.normal(size=s).astype("f4") for n, s in shapes.items()}
        self.x = rng.normal(0, 2, size=(5, N_STEPS, N_FEATURES)).astype("f4")
        self.kind, self.folder = kind, folder
        self.described = described(kind, gate)
        self.whole, self.weights = folder / "model.h5", folder / "weights.h5"
        self.json = folder / "model.json"
        self.write()

    def write(self):
        told = {**self.described, "keras_version": "2.2.2", "backend": "tensorflow"}
        self.json.write_text(json.dumps(told))
        with h5py.File(self.whole, "w") as file:
            file.attrs["keras_version"], file.attrs["backend"] = b"2.2.2", b"tensorflow"
            file.attrs["model_config"] = json.dumps(self.described).encode()
            self.fill(file.create_group("model_weights"))
        with h5py.File(self.weights, "w") as file:
            self.fill(file)

    def fill(self, group):
        group.attrs["keras_version"], group.attrs["backend"] = b"2.2.2", b"tensorflow"
        held = {"rnn_1": self.recurrent, "dense_1": self.dense}
        if self.described["class_name"] == "Model":
            held = {"input_1": {}, **held}
        group.attrs["layer_names"] = [name.encode() for name in held]
        for layer, arrays in held.items():
            inner = group.create_group(layer)
            names = [f"{layer}/{name}:0".encode() for name in arrays]
            inner.attrs["weight_names"] = np.array(names, dtype="S40")
            for name, values in arrays.items():
                inner.create_dataset(f"{layer}/{name}:0", data=values)

    def expected(self):
        """Probabilities by the equations, gate by gate, with 0.2 x + 0.5 cut to 0 and 1."""
        state = self._lstm() if self.kind == "LSTM" else self._gru()
        logits = state @ self.dense["kernel"] + self.dense["bias"]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def _lstm(self):
        h = c = np.zeros((len(self.x), UNITS))
        for t in range(N_STEPS):
            z = self.x[:, t] @ self.recurrent["kernel"] + h @ self.recurrent["recurrent_kernel"]
            i, f, g, o = np.split(z + self.recurrent["bias"], 4, axis=1)
            c = gate(f) * c + gate(i) * np.tanh(g)
            h = gate(o) * np.tanh(c)
        return h

    def _gru(self):
        """The reset gate before the product, as Keras 2.1 had it."""
        h = np.zeros((len(self.x), UNITS))
        u = np.split(self.recurrent["recurrent_kernel"], 3, axis=1)
        for t in range(N_STEPS):
            z, r, g = np.split(
                self.x[:, t] @ self.recurrent["kernel"] + self.recurrent["bias"], 3, axis=1
            )
            z, r = gate(z + h @ u[0]), gate(r + h @ u[1])
            h = z * h + (1 - z) * np.tanh(g + (r * h) @ u[2])
        return h


def gate(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


@pytest.fixture
def old(tmp_path):
    """Write a whole HDF5 file, and the same network as JSON and weights."""
    return lambda kind="LSTM", recurrent_activation="hard_sigmoid", described=functional: Files(
        tmp_path, kind, recurrent_activation, described
    )


@pytest.fixture
def old_sequential(old):
    """The same as a Sequential."""
    return lambda kind="LSTM": old(kind, described=sequential)
