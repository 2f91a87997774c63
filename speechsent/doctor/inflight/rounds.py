"""Looking at the same samples again and again while a model trains."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras import layers

from speechsent.doctor.case import n_rows
from speechsent.doctor.findings import Finding
from speechsent.doctor.inflight.answers import answer_findings
from speechsent.doctor.inflight.branches import BranchUse, ignored_branches
from speechsent.doctor.inflight.look import Look, Looker
from speechsent.doctor.inflight.modes import (
    loss_gap,
    misleading_figures,
    running_accuracy,
    settled,
    shifted_variances,
)
from speechsent.doctor.inflight.units import dead_units
from speechsent.doctor.normalisation import has_history

UNDER_WAY = 60  # earlier a healthy network may still give one class alone


@dataclass
class Rounds:
    """What each look tells, also against the look before it.

    Args:
        looker: Looks at the model.
        x: The samples, as the model takes them.
        y: Their labels; None if unknown.
    """

    looker: Looker
    x: Any
    y: Any
    _doubted: set[str] = field(default_factory=set)
    _branches: BranchUse | None = None

    def __post_init__(self) -> None:
        trained = [layer for layer in self.looker.batchnorm if layer.trainable]
        self._pretrained = {id(layer) for layer in trained if has_history(layer)}
        self._heads = self.looker.heads(self.y)
        self._start = self.looker.look(self.x, self._heads)

    def visit(self, step: int, logs: Mapping[str, float]) -> Iterator[Finding]:
        """Look at the model after a step.

        What a healthy network may show for a moment must be seen twice in a row.

        Args:
            step: Steps since training began.
            logs: Figures of the epoch that just ended; empty within one.
        """
        look = self.looker.look(self.x, self._heads)
        yield from dead_units(look.dead, self._start.dead, n_rows(self.x))
        yield from self._batchnorm(look, step)
        if step < UNDER_WAY:
            return
        doubts = [*self._answers(look), *self._figures(look, logs)]
        yield from (finding for finding in doubts if finding.name in self._doubted)
        self._doubted = {finding.name for finding in doubts}
        if look.branches:
            yield from ignored_branches(look.branches, self._branches)
            self._branches = look.branches

    def _batchnorm(self, look: Look, step: int) -> Iterator[Finding]:
        """BatchNorm that trains, once its averages mean something."""
        trained = [layer for layer in self.looker.batchnorm if layer.trainable]
        stable = [layer for layer in trained if settled(layer, step)]
        if (stable or self._any_pretrained(trained)) and look.loss is not None:
            training = self.looker.training_loss(self.x, self._heads)
            yield from () if training is None else loss_gap(training, look.loss)
        yield from shifted_variances(stable, look.variances)

    def _any_pretrained(self, trained: list[layers.BatchNormalization]) -> bool:
        return any(id(layer) in self._pretrained for layer in trained)

    def _answers(self, look: Look) -> Iterator[Finding]:
        for head, values in zip(self._heads, look.outputs, strict=False):
            yield from answer_findings(head, values)

    def _figures(self, look: Look, logs: Mapping[str, float]) -> Iterator[Finding]:
        """Keras's accuracy against that of the look, of a model with one output."""
        running = running_accuracy(logs)
        if running is None or len(self._heads) != 1:
            return
        classes, values = self._heads[0].classes, look.outputs[0]
        if classes is not None and values.ndim == 2 and values.shape[1] > 1:
            measured = float((values.argmax(axis=1) == classes).mean())
            yield from misleading_figures(running, measured, len(values))
