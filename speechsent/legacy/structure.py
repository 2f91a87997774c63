"""The description of a network in a file of Keras 2, turned into one that Keras 3 reads right."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from speechsent.legacy.gates import hard_sigmoid

GATES = ("activation", "recurrent_activation")
OLD_GATE, NEW_GATE = "hard_sigmoid", "speechsent>keras2_hard_sigmoid"
# The same for layers within wrappers, of which Keras 3 reads no names but its own.
NEW_GATE_WITHIN = keras.saving.serialize_keras_object(hard_sigmoid)
NETWORKS = {"Model": "Functional", "Functional": "Functional", "Sequential": "Sequential"}
# Where a layer's configuration holds another one.
WRAPPED = ("layer", "backward_layer", "cell", "activation")
REFUSED = {
    "Lambda": "it is code, and code from a file is not run",
    "CuDNNLSTM": "Keras 3 has no such layer; save the model again as LSTM with Keras 2",
    "CuDNNGRU": "Keras 3 has no such layer; save the model again as GRU with Keras 2",
}


@dataclass(frozen=True)
class Structure:
    """A network as Keras 3 reads it.

    Args:
        description: What goes into ``model_config``.
        gates: Names of the layers with the old gate.
    """

    description: Mapping[str, Any]
    gates: tuple[str, ...]


def modern(description: Mapping[str, Any]) -> Structure:
    """Give every layer the formulas of Keras 2.

    Args:
        description: ``class_name`` and ``config``, as ``model.to_json()`` of Keras 2 wrote them.

    Raises:
        ValueError: If it is no network, or has layers that cannot be rebuilt; says which and why.
    """
    if description.get("class_name") not in NETWORKS:
        raise ValueError(f"describes no network but {description.get('class_name')!r}")
    refused = [*_refusals(description)]
    if refused:
        raise ValueError("; ".join(refused))
    gates: list[str] = []
    return Structure(_modern(description, gates), tuple(gates))


def _refusals(description: Mapping[str, Any]) -> Iterator[str]:
    """Layers that cannot be rebuilt, each with the reason."""
    for layer in _layers(description):
        kind, name = str(layer.get("class_name")), _name(layer)
        if kind in REFUSED:
            yield f"layer '{name}' is a {kind}: {REFUSED[kind]}"
        elif kind not in NETWORKS and not hasattr(keras.layers, kind):
            yield f"layer '{name}' is a {kind}, which Keras does not know"


def _layers(description: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All layers, those of networks and wrappers within it included."""
    config = description.get("config", {})
    inner = config if isinstance(config, list) else [*config.get("layers", ())]
    if isinstance(config, Mapping):
        held = [config.get(key) for key in WRAPPED]
        inner += [
            layer for layer in (*held, *config.get("cells", ())) if isinstance(layer, Mapping)
        ]
    for layer in inner:
        yield layer
        yield from _layers(layer)


def _modern(layer: Mapping[str, Any], gates: list[str]) -> dict[str, Any]:
    """One layer or network, with all that is in it; appends the names of old gates."""
    kind, config = layer["class_name"], layer.get("config", {})
    if isinstance(config, list):  # a Sequential before Keras 2.2.3
        config = {"name": layer.get("name", "sequential"), "layers": config}
    config = dict(config)
    if any(config.get(gate) == OLD_GATE for gate in GATES):
        gates.append(_name(layer))
    for gate in GATES:
        if config.get(gate) == OLD_GATE:
            config[gate] = NEW_GATE
    if kind == "GRU":
        config.setdefault("reset_after", False)  # which Keras 2.1 did not name, and Keras 3 turns
    for ends in ("input_layers", "output_layers"):
        if len(config.get(ends, ())) == 1:  # which Keras 3 would take for a list of one tensor
            config[ends] = config[ends][0]
    if "layers" in config:
        started = _started(config["layers"]) if kind == "Sequential" else config["layers"]
        config["layers"] = [_modern(inner, gates) for inner in started]
    for key in WRAPPED:
        if isinstance(config.get(key), Mapping):
            config[key] = _placed(_modern(config[key], gates))
    if "cells" in config:
        config["cells"] = [_placed(_modern(cell, gates)) for cell in config["cells"]]
    return {**layer, "class_name": NETWORKS.get(kind, kind), "config": config}


def _placed(layer: dict[str, Any]) -> dict[str, Any]:
    """A layer within a wrapper, which Keras 3 looks for where its description says, or nowhere."""
    config = layer["config"]
    config.update({gate: NEW_GATE_WITHIN for gate in GATES if config.get(gate) == NEW_GATE})
    if layer["class_name"] in NETWORKS.values():
        kind = "Sequential" if layer["class_name"] == "Sequential" else "Model"
        return {**layer, "class_name": kind, "module": "keras.models", "registered_name": None}
    return {**layer, "module": "keras.layers", "registered_name": None}


def _started(layers: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Layers behind an input of their own, where the first one named its shape."""
    if not layers:
        raise ValueError("describes a network without layers")
    first = layers[0]
    shape = first["config"].get("batch_input_shape")
    if shape is None or first["class_name"] == "InputLayer":
        return layers
    start = {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": "input"}}
    left = {key: value for key, value in first["config"].items() if key != "batch_input_shape"}
    return [start, {**first, "config": left}, *layers[1:]]


def _name(layer: Mapping[str, Any]) -> str:
    config = layer.get("config")
    inner = config.get("name") if isinstance(config, Mapping) else None
    return str(layer.get("name") or inner or layer.get("class_name"))
