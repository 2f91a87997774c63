"""How networks come about: one branch alone, jointly, from frozen branches, or fine-tuned."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import keras
import numpy as np

from speechsent.branches import batchnorm
from speechsent.branches.cnn import frozen_base
from speechsent.datasets import TrainingBatches
from speechsent.errors import TrainingError, some
from speechsent.fusion import OUTPUT, classifier, fusion_head, late_fusion, with_auxiliaries
from speechsent.training.fingerprint import fingerprint
from speechsent.training.fit import History
from speechsent.training.seed import layers_seeded
from speechsent.training.stage_trainer import StageTrainer
from speechsent.training.stages import Stage, Trained, freeze, refuse_leak
from speechsent.training.trained_branches import (
    branch_training_key,
    find_trained,
    keep_trained,
)


@dataclass(frozen=True)
class NetworkTrainer(StageTrainer):
    """Trains branches and heads, stage by stage."""

    def alone(self, name: str) -> tuple[keras.Model, Stage]:
        """Train one branch with a classifier of its own."""
        with layers_seeded(self.options.seed, f"{name} alone"):
            return self._behind_base(name) if name in self.bases else self._alone(name)

    def _alone(self, name: str) -> tuple[keras.Model, Stage]:
        model = self.workshop.fresh(name, classifier(self.branches[name], answer=self.train.answer))
        how = (self.config, self.options)
        key = branch_training_key(
            model,
            self.train,
            self.validation,
            how,
            last_epoch=self._last_epoch(name),
            by_speaker=self.by_speaker,
        )
        history = self._kept(model, key, name)
        if history is not None:
            return model, self._stage(history)
        stage = self._fit(model, stage=name, epochs=self.config.epochs)
        if self.store is not None:
            keep_trained(self.store.cache, key, model, stage.history)
        return model, stage

    def _kept(self, model: keras.Model, key: str, name: str) -> History | None:
        """Put the weights into a branch that an earlier training has come to, if one has.

        Only for fusions: whoever trains one branch means to train it.
        """
        if self.store is None or self.fusion.mode == name:
            return None
        history = find_trained(self.store.cache, key, model)
        if history is not None:
            self.listener.note(f"{name}: the branch of an earlier training on the same clips")
        return history

    def joint(self, rate: float = 1.0) -> Trained:
        """Train branches and head together: one graph, one optimiser, one split.

        Args:
            rate: Factor on the learning rate.
        """
        with layers_seeded(self.options.seed, "joint"):
            return self._joint(rate)

    def _joint(self, rate: float) -> Trained:
        head = self._head()
        weights = {OUTPUT: 1.0, **dict.fromkeys(self.branches, self.fusion.auxiliary)}
        if self.fusion.auxiliary:
            stage = self._fit(
                self.workshop.fresh(
                    "auxiliaries", with_auxiliaries(self.branches, head, self.train.answer)
                ),
                stage="joint",
                epochs=self.config.epochs,
                loss_weights=weights,
                rate=rate,
            )
            return Trained(self._fused(head), (stage,))
        model = self._fused(head)
        stage = self._fit(model, stage="joint", epochs=self.config.epochs, rate=rate)
        return Trained(model, (stage,))

    def frozen(self) -> Trained:
        """Train each branch alone, freeze it, and train the head on embeddings computed once.

        Raises:
            TrainingError: If a branch was fitted on clips the head is validated on, or changed
                while the head was trained.
        """
        stages = [self.alone(name)[1] for name in self.branches]
        refuse_leak(stages, self.validation)
        trained = self.on_frozen()
        return replace(trained, stages=(*stages, *trained.stages))

    def on_frozen(self) -> Trained:
        """Freeze the branches as they are, and train a head on them.

        Raises:
            TrainingError: If a branch changed while the head was trained.
        """
        for branch in self.branches.values():
            freeze(branch)
        before = self._fingerprints()
        model, stage = self._fit_head()
        after = self._fingerprints()
        if before != after:
            changed = [path for path in before if before[path] != after[path]]
            raise TrainingError(f"frozen variables changed: {some(changed)}")
        kept = {path: (before[path], after[path]) for path in before}
        return Trained(model, (replace(stage, frozen=kept),))

    def finetune(self, trained: Trained) -> Trained:
        """Go on from a frozen fusion: everything at a low rate, BatchNorm statistics pinned."""
        model = trained.model
        for layer in batchnorm.leaves(model):
            layer.trainable = True
        batchnorm.pin(model)
        before = model.get_weights()
        stage = self._fit(
            model, stage="finetune", epochs=self.config.epochs, rate=self.config.finetune_rate
        )
        kept = stage
        if self.chosen is None and stage.history.validation_score < trained.validation_score:
            model.set_weights(before)
            kept = trained.stages[-1]
            self.listener.note("fine-tuning only lost on validation: the frozen fusion is kept")
        return Trained(model, (*trained.stages, stage), kept)

    def image_batches(self, n_batches: int) -> Iterator[dict[str, np.ndarray]]:
        """Images of training clips, to re-estimate statistics on."""
        batches = TrainingBatches(self.train, replace(self.options, augment=None))
        for step in range(min(n_batches, len(batches))):
            yield {"image": batches[step][0]["image"]}

    def _head(self) -> keras.Model:
        head = fusion_head(
            {name: branch.output_shape[-1] for name, branch in self.branches.items()},
            answer=self.train.answer,
            units=self.fusion.units,
            dropout=self.fusion.dropout,
        )
        return self.workshop.fresh("head", head)

    def _fused(self, head: keras.Model) -> keras.Model:
        return self.workshop.fresh("fused", late_fusion(self.branches, head))

    def _behind_base(self, name: str) -> tuple[keras.Model, Stage]:
        """Train what is behind a frozen pretrained network, whose outputs are computed once."""
        base, neck = self.bases[name]
        model = self.workshop.fresh(f"{name} neck", classifier(neck, answer=self.train.answer))
        stage = self._fit_kept(model, {"pooled": base}, {}, stage=name)
        whole = self.workshop.fresh(name, classifier(self.branches[name], answer=self.train.answer))
        whole.get_layer(OUTPUT).set_weights(model.get_layer(OUTPUT).get_weights())
        return whole, stage

    def _fit_head(self) -> tuple[keras.Model, Stage]:
        """Train a head on the outputs of the branches; return the whole, and the stage."""
        with layers_seeded(self.options.seed, "head"):
            head = self._head()
        stage = self._fit_on_branches(head)
        return self._fused(head), stage

    def _fit_on_branches(self, head: keras.Model) -> Stage:
        frozen = {
            name: self.bases.get(name, (branch,))[0] for name, branch in self.branches.items()
        }
        necks = {name: neck for name, (_, neck) in self.bases.items()}
        return self._fit_kept(head, frozen, necks, stage="head")

    @cached_property
    def bases(self) -> dict[str, tuple[keras.Model, keras.Model]]:
        """Frozen pretrained networks inside branches, each with the layers behind it."""
        found = {}
        for name, branch in self.branches.items():
            parts = frozen_base(branch)
            if parts is not None:
                base, neck = parts
                found[name] = (
                    self.workshop.fresh(f"{name} base", base),
                    self.workshop.fresh(f"behind {name} base", neck),
                )
        return found

    def _fingerprints(self) -> dict[str, str]:
        return {
            f"{name}/{path}": digest
            for name, branch in self.branches.items()
            for path, digest in fingerprint(branch).items()
        }
