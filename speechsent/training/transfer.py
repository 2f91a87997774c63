"""New heads on the branches of another run: another label set, the same ears.

A new head ends in the layer its answer needs, and learns by the loss of that answer: with two
classes as with eight, or with numbers, output and loss cannot disagree.
"""

from dataclasses import dataclass

import keras

from speechsent.fusion import OUTPUT, classifier, classifier_head
from speechsent.training.recipes import Trainer
from speechsent.training.seed import layers_seeded
from speechsent.training.stages import Stage, Trained


@dataclass(frozen=True)
class Transfer(Trainer):
    """Trains a new head on branches that come trained.

    ``"frozen"``, ``"cnn"`` and ``"lstm"`` leave the branches as they are, ``"finetune"`` goes on
    from there, and ``"joint"`` trains everything at once; the latter two at
    ``config.finetune_rate`` of the learning rate, lest the new head undo what was learned.
    """

    def run(self) -> Trained:
        """Train in the configured mode."""
        if self.fusion.mode == "joint":
            return self.with_functionals(self.joint(self.config.finetune_rate))
        trained = self.on_frozen()
        return self.with_functionals(self.finetune(trained) if self._has("finetune") else trained)

    def _fit_head(self) -> tuple[keras.Model, Stage]:
        name = self.fusion.mode
        if name not in self.branches:
            return super()._fit_head()
        branch, answer = self.branches[name], self.train.answer
        with layers_seeded(self.options.seed, "head"):
            head = classifier_head(name, branch.output_shape[-1], answer=answer)
        with layers_seeded(self.options.seed, f"{name} alone"):
            whole = classifier(branch, answer=answer)
        head = self.workshop.fresh("head", head)
        stage = self._fit_on_branches(head)
        whole = self.workshop.fresh(name, whole)
        whole.get_layer(OUTPUT).set_weights(head.get_layer(OUTPUT).get_weights())
        return whole, stage
