"""The outputs of a model, each with its activation, its loss and its targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras.src.losses.losses import LossFunctionWrapper

from speechsent.doctor.graph import Graph, Node, behind_passive
from speechsent.errors import ParameterError

Kind = Literal["sparse", "categorical", "binary", "regression", "other", "none"]
KINDS: dict[str, Kind] = {
    "sparsecategoricalcrossentropy": "sparse",
    "categoricalcrossentropy": "categorical",
    "categoricalfocalcrossentropy": "categorical",
    "binarycrossentropy": "binary",
    "binaryfocalcrossentropy": "binary",
    "meansquarederror": "regression",
    "meanabsoluteerror": "regression",
    "huber": "regression",
    "logcosh": "regression",
    "meanabsolutepercentageerror": "regression",
    "meansquaredlogarithmicerror": "regression",
    "poisson": "regression",
    "cosinesimilarity": "regression",
    "hinge": "regression",
    "squaredhinge": "regression",
}
# What TensorFlow's own functions are called.
ALIASES = {"softmax_v2": "softmax"}
BOUNDS = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "softplus": (0.0, np.inf),
}


@dataclass(frozen=True, kw_only=True)
class Head:
    """One output of a model.

    Args:
        name: Name of the output.
        units: Length of its last axis.
        rank: Number of its axes, that of the batch included.
        activation: What its values passed last, such as ``"softmax"``; empty if unknown.
        bare: Whether nothing follows the activation, not even a reshape.
        loss: The loss; None if there is none.
        targets: What it should answer, a row a sample; None if not given.
    """

    name: str
    units: int
    rank: int
    activation: str
    bare: bool
    loss: Any
    targets: np.ndarray | None

    @property
    def loss_name(self) -> str:
        """Name of the loss, the same for its function and its class; empty if there is none."""
        if self.loss is None:
            return ""
        name = getattr(self.loss, "__name__", type(self.loss).__name__)
        if name == "LossFunctionWrapper":
            name = getattr(self.loss.fn, "__name__", "")  # a partial has none
        return name.lower().replace("_", "")

    @property
    def kind(self) -> Kind:
        """What the loss compares."""
        return "none" if self.loss is None else KINDS.get(self.loss_name, "other")

    @property
    def from_logits(self) -> bool:
        """Whether the loss applies the softmax or sigmoid itself."""
        return bool(getattr(self.loss, "from_logits", False))

    @property
    def classifies(self) -> bool:
        """Whether the loss is a cross-entropy."""
        return self.kind in ("sparse", "categorical", "binary")

    @property
    def judged_by_own(self) -> bool:
        """Whether the loss is none of Keras's."""
        compares = getattr(self.loss, "fn", self.loss)
        module = getattr(compares, "__module__", None) or type(compares).__module__
        return self.kind == "other" and not module.startswith("keras.")

    @property
    def counted(self) -> np.ndarray:
        """Which targets count: some losses leave out a class, or what is missing; their shape."""
        targets = np.asarray(self.targets)
        ignored = getattr(self.loss, "ignore_class", None)
        if ignored is not None:
            return np.asarray(targets != ignored)
        if self.judged_by_own and targets.dtype.kind == "f":
            return np.asarray(~np.isnan(targets))
        return np.ones(targets.shape, bool)

    @property
    def classes(self) -> np.ndarray | None:
        """Class index of each sample; None where targets are no single classes."""
        if self.targets is None or not self.counted.all():
            return None
        frames = self.rank > 2 and self.targets.ndim == 2 and self.targets.shape[1] > 1
        return None if frames else class_indices(self.targets, self.kind, self.n_values)

    @property
    def n_values(self) -> int:
        """Number of answers the loss tells apart."""
        return max(self.units, 2)


def heads_of(
    graph: Graph | None,
    loss: Any,
    y: Any,
    answered: Mapping[str, np.ndarray] | None,
) -> list[Head]:
    """List the outputs; of a model without a graph from what it gave for a batch, if it was run.

    Args:
        graph: Graph of the model, if it has one.
        loss: Losses as ``model.compile`` takes them.
        y: Targets as ``model.fit`` takes them.
        answered: Outputs for a batch by :func:`output_names`, if one was run.
    """
    answered = answered or {}
    names = graph.names if graph else tuple(answered)
    if not names:
        return []
    losses, targets = _spread(loss, names, shared=True), _spread(y, names, shared=False)
    heads = []
    for i, name in enumerate(names):
        node = graph.outputs[i] if graph else None
        shape = node.shape if node else np.shape(answered[name])
        activation, bare = _activation(node) if node else ("", False)
        heads.append(
            Head(
                name=name,
                units=int(shape[-1] or 1),
                rank=len(shape),
                activation=activation,
                bare=bare,
                loss=losses[i] if losses[i] is None else keras.losses.get(losses[i]),
                targets=None if targets[i] is None else np.asarray(targets[i]),
            )
        )
    return heads


def output_names(answered: Any) -> tuple[str, ...]:
    """Names of what a model gave, in the order of ``keras.tree.flatten``.

    They are the keys of a dict, by which ``fit`` takes losses and labels, else numbers.

    Example:
        >>> output_names({"b": np.zeros(2), "a": np.zeros(2)}), output_names([np.zeros(2)])
        (('a', 'b'), ('output 0',))
    """
    n = len(keras.tree.flatten(answered))
    if isinstance(answered, Mapping) and len(answered) == n:
        return tuple(keras.tree.flatten({key: key for key in answered}))
    return tuple(f"output {i}" for i in range(n))


def as_compiled(loss: Any) -> keras.losses.Loss:
    """A loss as ``compile`` keeps it: functions get floats, and labels of the output's rank."""
    return loss if isinstance(loss, keras.losses.Loss) else LossFunctionWrapper(loss)


def class_indices(
    targets: np.ndarray | None, kind: Kind = "other", n_classes: int | None = None
) -> np.ndarray | None:
    """Class index of each row of one-hot rows, or of whole numbers; None of anything else.

    Args:
        targets: A row a sample.
        kind: Kind of the loss; numbers of a regression are no classes.
        n_classes: Most classes there can be, which tells classes from counts where the loss does
            not; None if unknown.

    Example:
        >>> class_indices(np.eye(3)[[2, 0]]), class_indices(np.array([[2], [0]]))
        (array([2, 0]), array([2, 0]))
    """
    if targets is None or kind == "regression" or targets.dtype.kind not in "iufb":
        return None
    if targets.ndim == 2 and targets.shape[1] > 1:
        one_hot = np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all()
        return targets.argmax(axis=1) if one_hot else None
    flat = targets.reshape(-1)
    if len(flat) != len(targets) or not np.array_equal(flat, np.round(flat)):
        return None
    if n_classes is not None and not _may_be_classes(flat, kind, n_classes):
        return None
    return flat.astype(int)


def _may_be_classes(numbers: np.ndarray, kind: Kind, n_classes: int) -> bool:
    """Whether whole numbers may be classes: a loss that is not known may be for counts."""
    return kind not in ("other", "none") or not (
        len(numbers) and (numbers.min() < 0 or numbers.max() >= n_classes)
    )


def _spread(value: Any, names: Sequence[str], *, shared: bool) -> list[Any]:
    """One value an output, from what Keras takes: one for all, a list, or a dict by name."""
    if value is None or (shared and not isinstance(value, (Mapping, list, tuple))):
        return [value] * len(names)
    if isinstance(value, Mapping):
        return [value.get(name) for name in names]
    listed = isinstance(value, (list, tuple))
    alone = listed and len(value) == 1 and np.ndim(value[0]) > 0  # ``fit`` takes labels so as well
    values = list(value) if listed and (shared or alone or len(names) > 1) else [value]
    if len(values) != len(names):
        raise ParameterError(
            f"a model with {len(names)} outputs needs as many losses and targets. "
            f"Received: {len(values)}"
        )
    return values


def _activation(output: Node) -> tuple[str, bool]:
    """Name of the activation an output passed last, and whether nothing follows it."""
    node = behind_passive(output)
    return activation_of(node.operation), node is output


def activation_of(operation: Any) -> str:
    """Name of the activation a layer or operation ends with; empty if it cannot be told."""
    activation = getattr(operation, "activation", None)
    if activation is not None:
        name = str(getattr(activation, "__name__", ""))
        return ALIASES.get(name, name)
    name = type(operation).__name__.lower()
    return name if name in BOUNDS else ""
