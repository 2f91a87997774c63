"""Compiled models kept between trainings, so that another fold or seed traces nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from speechsent.branches.batchnorm import leaves
from speechsent.doctor.inflight.look import Looker
from speechsent.training.devices import adamw
from speechsent.training.schedule import WarmUpCosine


@dataclass
class Workshop:
    """Models of one recipe by name, each compiled once and trained many times.

    TensorFlow takes seconds to trace a training step and the head of a frozen fusion trains in
    two, so over folds and seeds the tracing would cost more than the training. A model is still
    built anew for each training, because its first weights and the seeds of its dropout depend on
    the training's seed; those are copied into the model that is kept. Results are bit for bit
    those of a model built for one training.

    Args:
        recipe: What decides the graphs of the models; another recipe starts with none.
    """

    recipe: str = ""
    _models: dict[str, keras.Model] = field(default_factory=dict)
    _lookers: dict[str, Looker] = field(default_factory=dict)
    _compiled: dict[str, tuple[keras.Optimizer, WarmUpCosine]] = field(default_factory=dict)

    def take_up(self, recipe: str) -> None:
        """Keep what is here if it was built by this recipe, and drop it if not."""
        if recipe != self.recipe:
            self.recipe = recipe
            self._models.clear()
            self._compiled.clear()
            self._lookers.clear()

    def fresh(self, name: str, built: keras.Model) -> keras.Model:
        """Return the model kept under a name, in the state of the one just built.

        Args:
            name: Name within the recipe.
            built: A new model; it is kept if there is none of that name.
        """
        kept = self._models.setdefault(name, built)
        if kept is not built:
            _transplant(built, kept)
        return kept

    def compile(
        self, model: keras.Model, name: str, *, optimizer: Mapping[str, Any], **losses: Any
    ) -> WarmUpCosine:
        """Compile a model, or reset the optimiser of one that is compiled.

        Args:
            model: The model.
            name: Name of what it is compiled for: stages differ in loss and in what may train.
            optimizer: Arguments of AdamW other than the rate.
            losses: Further arguments of ``model.compile``.

        Returns:
            The schedule of the optimiser, which is still to be planned.
        """
        kept, schedule = self._compiled.get(name, (None, WarmUpCosine()))
        if kept is not None and kept is model.optimizer:
            for variable in kept.variables:
                variable.assign(np.zeros(variable.shape, variable.dtype))
            if isinstance(kept, keras.optimizers.LossScaleOptimizer):  # with mixed_float16
                kept.dynamic_scale.assign(kept.initial_scale)  # times 0, every gradient is NaN
            return schedule
        model.compile(optimizer=adamw(schedule, **optimizer), **losses)
        _create_variables(model)
        self._compiled[name] = model.optimizer, schedule
        return schedule

    def looker(self, model: keras.Model, name: str) -> Looker:
        """Return what the doctor looks at a model with, which is traced once as well.

        Args:
            model: The model.
            name: Name of the stage, as for :meth:`compile`.
        """
        kept = self._lookers.get(name)
        if kept is None or kept.model is not model:
            kept = self._lookers[name] = Looker(model)
        return kept


def _create_variables(model: keras.Model) -> None:
    """Make the variables of optimiser and losses: a step that makes them is traced twice."""
    model.optimizer.build(model.trainable_variables)
    told = keras.tree.map_structure(lambda t: np.zeros((1, *t.shape[1:]), np.float32), model.output)
    model.compute_loss(y=told, y_pred=told)
    model.reset_metrics()


def _transplant(source: keras.Model, target: keras.Model) -> None:
    """Copy weights, seeds of dropout and what may train between two models of one architecture."""
    for old, new in zip(leaves(target), leaves(source), strict=True):
        if old is new:
            continue
        old.trainable = new.trainable
        for to, value in zip(old.variables, new.variables, strict=True):
            to.assign(value)
