"""The doctor during training, as a Keras callback."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import keras
import numpy as np

from speechsent.doctor.case import n_rows, rows, to_arrays
from speechsent.doctor.findings import Finding, in_order
from speechsent.doctor.heads import Head
from speechsent.doctor.inflight.answers import answer_findings
from speechsent.doctor.inflight.branches import ignored_branches
from speechsent.doctor.inflight.curves import overfitting, still_loss
from speechsent.doctor.inflight.look import Look, Looker
from speechsent.doctor.inflight.modes import (
    loss_gap,
    misleading_figures,
    running_accuracy,
    settled,
    shifted_variances,
)
from speechsent.doctor.inflight.nan import nan_finding
from speechsent.doctor.inflight.units import dead_units
from speechsent.doctor.inflight.weights import Values, kernels, movement, values_of
from speechsent.doctor.normalisation import has_history
from speechsent.doctor.probe import probed_rows
from speechsent.errors import ParameterError

FIRST_STEPS = 10
UNDER_WAY = 60  # earlier a healthy network may still give one class alone
RARER = 1.5  # each look comes after half as many steps again, so they cost less and less
LOG = logging.getLogger("speechsent.doctor")


class Batches(Protocol):
    """Training batches by number, such as a ``keras.utils.PyDataset``."""

    def __getitem__(self, step: int) -> Any:
        """Inputs and targets of one batch, and perhaps weights."""


class DoctorCallback(keras.callbacks.Callback):
    """Watch a training and tell what goes wrong while it does.

    It looks after 10 steps, after 60, and then at the end of ever fewer epochs, at most 64
    samples each time. Weights, optimiser, BatchNorm statistics and seeds stay as they are: the
    training comes to the same, bit for bit. Without samples it judges weights and losses alone.
    Nothing is ever stopped.

    Args:
        x: Training inputs as ``model.fit`` takes them, or some of them; a few are picked.
        y: Their labels.
        batches: The batches the model is fitted on, if they can be asked for by number: NaN is
            then looked for in the batch that brought it.
        keeps_best: Whether the best epoch's weights are put back at the end, which makes
            overfitting harmless.
        tell: Called with each finding as it is made; without it, the logger
            ``"speechsent.doctor"`` warns of errors and warnings.

    Raises:
        ParameterError: If ``x`` and ``y`` differ in length.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "softmax")])
        >>> model.compile("sgd", "sparse_categorical_crossentropy")
        >>> x, y = np.eye(3), np.array([0, 1, 1])
        >>> doctor = DoctorCallback(x, y)
        >>> _ = model.fit(x, y, epochs=20, verbose=0, callbacks=[doctor])
        >>> doctor.findings
        ()
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batches: Batches | None = None,
        keeps_best: bool = False,
        tell: Callable[[Finding], None] | None = None,
        looker: Looker | None = None,
    ) -> None:
        super().__init__()
        x, y = to_arrays(x), to_arrays(y)
        if x is not None and y is not None and n_rows(x) != n_rows(y):
            raise ParameterError(
                f"x and y must have a row a sample. Received: {n_rows(x)} and {n_rows(y)}"
            )
        self._given = x, y
        chosen = probed_rows(n_rows(x)) if n_rows(x) else None
        self._x, self._y = rows(x, chosen), rows(y, chosen)
        self._batches, self._keeps_best, self._looker = batches, keeps_best, looker
        self._tell = tell or _log
        self._begin()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the last training, errors first."""
        return in_order(self._found.values())

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Remember where the weights start."""
        self._begin()
        self._start = values_of(kernels(self.model))
        self._finite = values_of(self.model.weights)
        if self._looker is None or self._looker.model is not self.model:
            self._looker = Looker(self.model)
        layers = self._looker.batchnorm
        self._pretrained = {id(la) for la in layers if la.trainable and has_history(la)}
        if self._x is not None and self._long_enough():
            self._heads = self._looker.heads(self._y)
            self._dead_at_start = self._looker.look(self._x, self._heads).dead

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Count steps from here."""
        self._epoch, self._steps_before = epoch, self._steps

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look after the first steps; otherwise see only that the loss is a number."""
        self._steps = self._steps_before + batch + 1
        if not self._broken and not np.isfinite((logs or {}).get("loss", 0.0)):
            self._broken = True
            self._add([self._nan(batch)])
        elif self._steps >= FIRST_STEPS and self._start is not None:
            self._add(movement(kernels(self.model), self._start, self._steps))
            self._start = None
            self._look({})
        elif self._last_look < UNDER_WAY <= self._steps:
            self._look({})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Read the losses; look, if it is time."""
        logs = logs or {}
        if self._broken:
            return
        self._finite = values_of(self.model.weights)
        self._losses.append(float(logs.get("loss", np.nan)))
        self._validation += [float(logs["val_loss"])] if "val_loss" in logs else []
        self._add(still_loss(self._losses, self._steps))
        self._add(overfitting(self._losses, self._validation, keeps_best=self._keeps_best))
        if self._steps >= UNDER_WAY and self._steps >= RARER * self._last_look:
            self._look(logs)

    def _begin(self) -> None:
        self._found: dict[tuple[str, str], Finding] = {}
        self._heads: list[Head] = []
        self._start: Values | None = None
        self._finite: Values = {}
        self._pretrained: set[int] = set()
        self._dead_at_start: dict[str, float] = {}
        self._losses: list[float] = []
        self._validation: list[float] = []
        self._steps = self._steps_before = self._epoch = self._last_look = 0
        self._before: tuple[Look | None, set[tuple[str, str]]] = None, set()
        self._broken = False

    def _long_enough(self) -> bool:
        """Whether there will be a look, as far as Keras knows the number of steps."""
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        return not epochs or not steps or epochs * steps >= FIRST_STEPS

    def _look(self, logs: dict[str, float]) -> None:
        """Show the model the samples, and tell what they show."""
        self._last_look = self._steps
        if self._x is None or self._looker is None:
            return
        look = self._looker.look(self._x, self._heads)
        self._add(dead_units(look.dead, self._dead_at_start, n_rows(self._x)))
        self._add(self._batchnorm(look))
        if self._steps < UNDER_WAY:
            return
        doubts = [
            finding
            for head, values in zip(self._heads, look.outputs, strict=False)
            for finding in answer_findings(head, values)
        ]
        doubts += self._figures(look, logs)
        former, doubted = self._before
        self._add(finding for finding in doubts if _key(finding) in doubted)
        if look.branches:
            self._add(ignored_branches(look.branches, former.branches if former else None))
        self._before = look, set(map(_key, doubts))

    def _batchnorm(self, look: Look) -> Iterable[Finding]:
        """BatchNorm that trains, once its averages mean something."""
        if self._looker is None:
            return
        ready = [
            la
            for la in self._looker.batchnorm
            if la.trainable and (id(la) in self._pretrained or settled(la, self._steps))
        ]
        if ready and look.loss is not None:
            training = self._looker.training_loss(self._x, self._heads)
            if training is not None:
                yield from loss_gap(training, look.loss)
        yield from shifted_variances(
            [la for la in ready if settled(la, self._steps)], look.variances
        )

    def _figures(self, look: Look, logs: dict[str, float]) -> list[Finding]:
        """Keras's accuracy against that of the look, of a model with one output."""
        running = running_accuracy(logs)
        if running is None or len(self._heads) != 1 or self._heads[0].classes is None:
            return []
        head, values = self._heads[0], look.outputs[0]
        if values.ndim != 2 or values.shape[1] < 2:
            return []
        measured = float((values.argmax(axis=1) == head.classes).mean())
        return list(misleading_figures(running, measured, len(values)))

    def _nan(self, batch: int) -> Finding:
        """Where the loss stopped being a number."""
        when = f"batch {batch + 1} of epoch {self._epoch + 1}"
        suspects = self._given
        if self._batches is not None:
            inputs, targets, *_ = self._batches[batch]
            suspects = inputs, targets
        return nan_finding(self.model, self._finite, suspects, when)

    def _add(self, findings: Iterable[Finding]) -> None:
        """Keep and tell what is new."""
        for finding in findings:
            if _key(finding) not in self._found:
                self._found[_key(finding)] = finding
                self._tell(finding)


def _key(finding: Finding) -> tuple[str, str]:
    return finding.name, finding.at if finding.name == "branch-ignored" else ""


def _log(finding: Finding) -> None:
    if finding.severity != "note":
        LOG.warning("%s: %s: %s. %s", finding.name, finding.at, finding.seen, finding.remedy)
