"""A model as one flat graph: nested models are opened, so that order and neighbours can be read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

DROPOUTS = (
    layers.Dropout,
    layers.GaussianDropout,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
)
NOISES = (*DROPOUTS, layers.GaussianNoise, layers.AlphaDropout)
RECURRENT = (layers.RNN, layers.Bidirectional)  # what they hold is called within a loop
PASSIVE = (
    *DROPOUTS,
    layers.Flatten,
    layers.Reshape,
    layers.Permute,
    layers.Identity,
)
PASSIVE_OPERATIONS = ("Reshape", "Cast", "Squeeze", "ExpandDims", "Transpose")
PREPROCESSING = (layers.Normalization, layers.Rescaling)


@dataclass(frozen=True, eq=False)
class Node:
    """One call of a layer or operation.

    Args:
        operation: The layer or operation.
        parents: What it reads.
        shape: Shape of its first output.
    """

    operation: Any
    parents: "tuple[Node, ...]"
    shape: tuple[int | None, ...]

    @property
    def name(self) -> str:
        """Name of the layer."""
        return str(self.operation.name)

    @property
    def passive(self) -> bool:
        """Whether values pass unchanged, but for their order or while training."""
        linear = getattr(self.operation, "activation", None) is keras.activations.linear
        bare = isinstance(self.operation, layers.Activation) and linear
        known = type(self.operation).__name__ in PASSIVE_OPERATIONS
        return known or bare or isinstance(self.operation, PASSIVE)

    @property
    def weighs(self) -> bool:
        """Whether it has weights that are or could be trained."""
        return has_weights(self.operation)


@dataclass(frozen=True)
class Graph:
    """Calls in the order in which they run.

    Args:
        nodes: All calls.
        outputs: The calls that give the model's outputs, in Keras's order.
        names: Names of the outputs, by which losses and labels are given: the keys of a dict, else
            the names of the layers, or of the models, that give them.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[Node, ...]
    names: tuple[str, ...]


def graph_of(model: keras.Model) -> Graph | None:
    """Read the graph of a model; None of a subclassed or unbuilt one, which has none."""
    functional = _functional(model)
    if functional is None:
        return None
    nodes: list[Node] = []
    made = _expand(functional, {}, nodes)
    outputs = tuple(made[id(tensor)] for tensor in functional.outputs)
    structure = functional.output
    keyed = isinstance(structure, Mapping)
    keys = keras.tree.flatten({key: key for key in structure}) if keyed else []
    return Graph(tuple(nodes), outputs, tuple(keys or functional.output_names))


def leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    """All layers that are not models themselves, each once, and before those inside them."""
    seen: set[int] = set()
    for layer in _opened(model):
        if not isinstance(layer, keras.Model) and id(layer) not in seen:
            seen.add(id(layer))
            yield layer


def _opened(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """What a layer is made of, recurrent ones excepted."""
    inside = layer.layers if isinstance(layer, keras.Model) else layer._layers
    for inner in inside:
        yield inner
        if not isinstance(inner, RECURRENT):
            yield from _opened(inner)


def batchnorm_layers(model: keras.Model) -> list[layers.BatchNormalization]:
    """All BatchNorm layers of a model, in order."""
    return [la for la in leaves(model) if isinstance(la, layers.BatchNormalization)]


def fixed_batch(model: keras.Model) -> int | None:
    """Number of samples a model must be given at a time; None if any will do."""
    functional = _functional(model)
    shapes = [tuple(tensor.shape) for tensor in functional.inputs] if functional is not None else []
    return next((shape[0] for shape in shapes if shape and shape[0]), None)


def behind_passive(node: Node) -> Node:
    """The call itself, or the nearest one before it that changes values."""
    while node.passive and len(node.parents) == 1:
        node = node.parents[0]
    return node


def entries(graph: Graph) -> list[Node]:
    """The first calls with weights: nothing with weights but Normalization lies before them."""
    behind: set[int] = set()
    found = []
    for node in graph.nodes:
        if any(id(parent) in behind for parent in node.parents):
            behind.add(id(node))
        elif node.weighs:
            behind.add(id(node))
            found.append(node)
    return found


def has_weights(operation: Any) -> bool:
    """Whether a layer has weights, other than the statistics of a Normalization layer."""
    return bool(getattr(operation, "weights", ())) and not isinstance(operation, PREPROCESSING)


def _functional(model: keras.Model) -> Any:
    """The functional model of a model, which a Sequential keeps inside."""
    inner = getattr(model, "_functional", None) or model
    return inner if hasattr(inner, "_nodes_by_depth") else None


def _expand(model: Any, feeds: dict[int, Node], nodes: list[Node]) -> dict[int, Node]:
    """Append the calls of a functional model; return which call made which tensor, by ``id``."""
    made = dict(feeds)
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for call in model._nodes_by_depth[depth]:
            if id(call.outputs[0]) in feeds:
                continue
            parents = tuple(made[id(tensor)] for tensor in call.input_tensors)
            inner = _functional(call.operation)
            if inner is None:
                node = Node(call.operation, parents, tuple(call.outputs[0].shape))
                nodes.append(node)
                made |= {id(tensor): node for tensor in call.outputs}
            else:
                fed = {id(t): p for t, p in zip(inner.inputs, parents, strict=True)}
                opened = _expand(inner, fed, nodes)
                for tensor, own in zip(call.outputs, inner.outputs, strict=True):
                    made[id(tensor)] = opened[id(own)]
    return made
