"""Some samples through a model that is being trained, leaving no trace in it.

A look costs a forward pass, and what it notes of layers a fifth on top, so it notes what it is
asked for. Keras's stateless scope takes up every assignment, so weights, statistics and seeds stay
as they are, bit for bit.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from speechsent.doctor.calls import calling, leaving_no_trace, unchanged
from speechsent.doctor.examination import model_loss
from speechsent.doctor.graph import (
    NOISES,
    Graph,
    Node,
    batchnorm_layers,
    fixed_batch,
    graph_of,
    leaves,
)
from speechsent.doctor.heads import Head, activation_of, heads_of, output_names
from speechsent.doctor.inflight.branches import BranchUse, join_of, outputs_behind
from speechsent.doctor.inflight.notes import Notes
from speechsent.doctor.probe import mean_loss

RECURRENT = (layers.RNN, layers.Bidirectional, layers.TimeDistributed)
RECTIFIED = ("relu", "relu6")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What some samples do in a model.

    Args:
        outputs: Answers, flat, each ``(n_samples, ...)``.
        loss: Sum of the outputs' losses; None if a loss or its targets are unknown.
        dead: Share of channels that are 0 for every sample, by layer that ends in a ReLU.
        variances: Of what reaches each BatchNorm layer, for each channel, by ``id``.
        branches: What becomes of the branches; None if there are none, and in training mode,
            where rows without a branch would be among those that BatchNorm takes statistics of.
    """

    outputs: list[np.ndarray]
    loss: float | None
    dead: dict[str, float]
    variances: dict[int, np.ndarray]
    branches: BranchUse | None


class Looker:
    """Looks at one model, over and over.

    Recurrent networks take seconds a pass unless they are traced, and tracing takes a second, so
    a looker is best kept as long as its model.

    Args:
        model: The model, compiled if losses are to be looked at.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.graph: Graph | None = graph_of(model)
        self.batchnorm = batchnorm_layers(model)
        self.rectified = [la for la in leaves(model) if _rectifies(la)]
        self.join: Node | None = None if fixed_batch(model) else join_of(self.graph)
        self._names: tuple[str, ...] = ()
        self._behind = outputs_behind(self.join, self.graph)
        self._recurrent = any(isinstance(layer, RECURRENT) for layer in leaves(model))
        self._passes: dict[tuple[bool, bool], Any] = {}

    def heads(self, y: Any, outputs: Sequence[np.ndarray] | None = None) -> list[Head]:
        """Outputs with their losses and targets.

        Args:
            y: Labels of the samples.
            outputs: What a look at them gave; without it a model without a graph has none.
        """
        answered = dict(zip(self._names, outputs or (), strict=False))
        return heads_of(self.graph, model_loss(self.model), y, answered)

    def look(
        self,
        x: Any,
        heads: Sequence[Head],
        *,
        training: bool = False,
        noted: Collection[keras.layers.Layer] | None = None,
        weights: Mapping[int, np.ndarray] | None = None,
    ) -> Look:
        """Show the model some samples.

        Args:
            x: The samples, as the model takes them.
            heads: From :meth:`heads`, for these samples.
            training: Normalise by the samples themselves, as training does; dropout and other
                noise are off all the same.
            noted: Layers whose units or variances are asked for; all if not given. A traced pass
                notes all, because tracing another costs more.
            weights: Values to look with instead of the model's own, by ``id`` of the variable.
        """
        n_rows = len(keras.tree.flatten(x)[0])
        watched = [*self.rectified, *self.batchnorm]
        if noted is not None and not self._recurrent:
            asked = set(map(id, noted))
            watched = [layer for layer in watched if id(layer) in asked]
        told = self._run(x, heads, training, watched, weights)
        names = {id(layer): layer.name for layer in self.rectified}
        return Look(
            outputs=[values[:n_rows] for values in told["outputs"]],
            loss=float(told["loss"]) if "loss" in told else None,
            dead={names[key]: float(1 - alive.mean()) for key, alive in told["alive"].items()},
            variances=told["variances"],
            branches=self._branch_use(told),
        )

    def _run(
        self,
        x: Any,
        heads: Sequence[Head],
        training: bool,
        watched: Sequence[keras.layers.Layer],
        weights: Mapping[int, np.ndarray] | None,
    ) -> Any:
        """Run a pass, traced if the model is recurrent."""
        kind = training, _judged(heads)
        run = None if weights else self._passes.get(kind)
        if run is None:
            import tensorflow as tf

            def one_pass(x: Any, targets: Any) -> Any:
                return self._pass(x, targets, heads, training, watched, weights)

            run = tf.function(one_pass) if self._recurrent else one_pass
            if self._recurrent and not weights:
                self._passes[kind] = run
        x = keras.tree.map_structure(ops.convert_to_tensor, x)
        targets = [ops.convert_to_tensor(h.targets) for h in heads] if _judged(heads) else []
        return keras.tree.map_structure(ops.convert_to_numpy, run(x, targets))

    def _pass(
        self,
        x: Any,
        targets: Sequence[Any],
        heads: Sequence[Head],
        training: bool,
        watched: Sequence[keras.layers.Layer],
        weights: Mapping[int, np.ndarray] | None,
    ) -> dict[str, Any]:
        import tensorflow as tf

        n_rows = keras.tree.flatten(x)[0].shape[0]
        notes = Notes(n_rows)
        values = [(v, weights[id(v)]) for v in self.model.weights] if weights else []
        joined = self.join is not None and not training
        tape: Any = tf.GradientTape(watch_accessed_variables=False) if joined else nullcontext()
        with (
            leaving_no_trace(values),
            tape,
            self._watched(watched, notes, tape if joined else None),
        ):
            answered = self.model(x, training=training)
            outputs, self._names = keras.tree.flatten(answered), output_names(answered)
            groups = self._losses_by_group(targets, outputs, heads, n_rows) if joined else []
        told: dict[str, Any] = {
            "outputs": outputs,
            "alive": notes.alive,
            "variances": notes.variances,
        }
        if targets:
            told["loss"] = _total_loss(targets, [values[:n_rows] for values in outputs], heads)
        if groups:
            reached = tape.gradient(groups[0], notes.embeddings)
            told["groups"] = groups
            told["gradients"] = [_norm(gradient, groups[0]) for gradient in reached]
        return told

    def _losses_by_group(
        self, targets: Sequence[Any], outputs: Sequence[Any], heads: Sequence[Head], n_rows: int
    ) -> list[Any]:
        """Loss of the outputs behind the join: as it is, without each branch, and without all."""
        if self.join is None or not targets or not self._behind:
            return []
        asked = [targets[i] for i in self._behind], [heads[i] for i in self._behind]
        firsts = range(0, n_rows * (len(self.join.parents) + 2), n_rows)
        return [
            _total_loss(
                asked[0], [outputs[i][first : first + n_rows] for i in self._behind], asked[1]
            )
            for first in firsts
        ]

    @contextmanager
    def _watched(
        self, watched: Sequence[keras.layers.Layer], notes: Notes, tape: Any
    ) -> Iterator[None]:
        """Catch what passes ReLUs, BatchNorm and, with a tape, the place where branches join."""
        noises = [layer for layer in leaves(self.model) if isinstance(layer, NOISES)]
        norms = [layer for layer in watched if isinstance(layer, layers.BatchNormalization)]
        rectified = [layer for layer in watched if _rectifies(layer)]
        with ExitStack() as stack:
            stack.enter_context(calling(noises, lambda _: unchanged))
            stack.enter_context(calling(rectified, notes.noting_alive))
            stack.enter_context(calling(norms, notes.noting_variance))
            if self.join is not None and tape is not None:
                join, n = self.join.operation, len(self.join.parents)
                stack.enter_context(calling([join], lambda la: notes.without_each(la, n, tape)))
            yield

    def _branch_use(self, told: Any) -> BranchUse | None:
        if self.join is None or "groups" not in told:
            return None
        losses = [float(value) for value in told["groups"]]
        norms = np.array(told["gradients"], float)
        return BranchUse(
            join=self.join.name,
            names=tuple(parent.name for parent in self.join.parents),
            loss=losses[0],
            without=tuple(losses[1:-1]),
            without_all=losses[-1],
            gradient=tuple((norms / max(norms.sum(), 1e-30)).tolist()),
        )


def _rectifies(layer: keras.layers.Layer) -> bool:
    """Whether what leaves a layer can be 0 for good."""
    if isinstance(layer, layers.ReLU):
        return not layer.negative_slope
    return activation_of(layer) in RECTIFIED and not isinstance(layer, RECURRENT)


def _judged(heads: Sequence[Head]) -> bool:
    """Whether every output has a loss and targets."""
    return bool(heads) and all(h.loss is not None and h.targets is not None for h in heads)


def _total_loss(targets: Sequence[Any], outputs: Sequence[Any], heads: Sequence[Head]) -> Any:
    found = [
        mean_loss(head, target, values)
        for head, target, values in zip(heads, targets, outputs, strict=True)
    ]
    return sum(found[1:], found[0])


def _norm(gradient: Any, like: Any) -> Any:
    return ops.zeros_like(like) if gradient is None else ops.norm(ops.cast(gradient, "float32"))
