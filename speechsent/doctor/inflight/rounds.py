"""Looking at the same samples again and again while a model trains."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

from speechsent.doctor.case import n_rows
from speechsent.doctor.findings import Finding
from speechsent.doctor.heads import Head
from speechsent.doctor.inflight.answers import answer_findings
from speechsent.doctor.inflight.branches import BranchUse, ignored_branches
from speechsent.doctor.inflight.look import Look, Looker
from speechsent.doctor.inflight.modes import (
    agree,
    loss_gap,
    misleading_figures,
    running_accuracy,
    settled,
    shifted_variances,
)
from speechsent.doctor.inflight.units import NEAR, dead_units
from speechsent.doctor.inflight.weights import Values
from speechsent.doctor.normalisation import has_history
from speechsent.errors import ParameterError

UNDER_WAY = 60  # earlier a healthy network may still give one class alone


@dataclass
class Rounds:
    """What each look tells, also against the look before it.

    Args:
        looker: Looks at the model.
        x: The samples, as the model takes them.
        y: Their labels; None if unknown.
        start: Weights before the first step, by ``id``; given up at the first look.
    """

    looker: Looker
    x: Any
    y: Any
    start: Values
    _dead: Mapping[str, float] | None = None
    _doubted: set[str] = field(default_factory=set)
    _shifted: bool = False
    _agreed: bool = False
    _branches: BranchUse | None = None

    def __post_init__(self) -> None:
        self._pretrained = {id(layer) for layer in self._trained if has_history(layer)}
        self._heads = self._heads_of(None)

    def visit(
        self, step: int, logs: Mapping[str, float], *, last: bool = False
    ) -> Iterator[Finding]:
        """Look at the model after a step.

        While statistics of new BatchNorm layers mean nothing yet, the model is looked at in
        training mode. What a healthy network may show for a moment must be seen twice in a row.

        Args:
            step: Steps since training began.
            logs: Figures of the epoch that just ended; empty within one.
            last: Whether training is over.
        """
        fresh = bool(self._fresh(step))
        look = self._look([*self.looker.rectified, *self._stable(step)], training=fresh)
        self._heads = self._heads or self._heads_of(look.outputs)
        yield from dead_units(look.dead, self._dead_before(look), n_rows(self.x))
        yield from self._batchnorm(look, step, fresh=fresh, last=last)
        if step < UNDER_WAY:
            return
        doubts = [*self._answers(look), *(() if fresh else self._figures(look, logs))]
        yield from (finding for finding in doubts if finding.name in self._doubted)
        self._doubted = {finding.name for finding in doubts}
        if look.branches:
            yield from ignored_branches(look.branches, self._branches)
            self._branches = look.branches

    def _heads_of(self, outputs: list[np.ndarray] | None) -> list[Head]:
        """The outputs; none where a training step of one's own takes other labels or losses."""
        try:
            return self.looker.heads(self.y, outputs)
        except ParameterError:
            return []

    @property
    def _trained(self) -> list[layers.BatchNormalization]:
        return [layer for layer in self.looker.batchnorm if layer.trainable]

    def _fresh(self, step: int) -> list[layers.BatchNormalization]:
        """BatchNorm made for this training whose averages have not settled."""
        new = [layer for layer in self._trained if id(layer) not in self._pretrained]
        return [layer for layer in new if not settled(layer, step)]

    def _stable(self, step: int) -> list[layers.BatchNormalization]:
        """BatchNorm that trains and whose averages have settled by a step."""
        return [layer for layer in self._trained if settled(layer, step)]

    def _look(
        self,
        noted: Collection[keras.layers.Layer],
        *,
        training: bool,
        weights: Values | None = None,
    ) -> Look:
        return self.looker.look(
            self.x, self._heads, training=training, noted=noted, weights=weights
        )

    def _dead_before(self, first: Look) -> Mapping[str, float]:
        """Share of dead channels before the first step.

        It costs a pass, and tells something only of what has nearly died by the first look. Of
        whatever has not, the share at that look does as well: to be told, it must grow from there.

        Args:
            first: The first look; a later one changes nothing.
        """
        if self._dead is None:
            self._dead, start = first.dead, self.start
            if any(share > NEAR for share in first.dead.values()):
                training = bool(self._fresh(0))
                look = self._look(self.looker.rectified, training=training, weights=start)
                self._dead = look.dead
            self.start = {}
        return self._dead

    def _batchnorm(self, look: Look, step: int, *, fresh: bool, last: bool) -> Iterator[Finding]:
        """BatchNorm that trains, once its averages mean something.

        The second pass, in the other mode, is left out once after both have been seen to agree.
        """
        if not self._trained or (fresh and not self._pretrained):
            return
        stable, inference = self._stable(step), None if fresh else look
        if last or not self._agreed:
            other = self._look(stable if fresh else (), training=not fresh)
            training, inference = (look, other) if fresh else (other, look)
            yield from self._compared(training.loss, inference.loss)
        else:
            self._agreed = False
        if inference is None:
            return
        shifted = list(shifted_variances(stable, inference.variances))
        if self._shifted:  # a few samples, while the rate is high, may seem off for a moment
            yield from shifted
        self._shifted = bool(shifted)

    def _compared(self, training: float | None, inference: float | None) -> Iterator[Finding]:
        """The loss in both modes."""
        if training is not None and inference is not None:
            yield from loss_gap(training, inference)
            self._agreed = agree(training, inference)

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
