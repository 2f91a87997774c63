"""The doctor during training, as a Keras callback."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import keras
import numpy as np

from speechsent.doctor.case import n_rows, rows
from speechsent.doctor.findings import Finding, in_order
from speechsent.doctor.given import read
from speechsent.doctor.graph import fixed_batch
from speechsent.doctor.inflight.curves import overfitting, still_loss
from speechsent.doctor.inflight.look import Looker
from speechsent.doctor.inflight.nan import all_finite, nan_finding
from speechsent.doctor.inflight.rounds import UNDER_WAY, Rounds
from speechsent.doctor.inflight.weights import Values, kernels, movement, values_of, warms_up
from speechsent.doctor.probe import probed_rows

FIRST_STEPS = 10
RARER = 1.5  # each look comes after half as many steps again, so they cost less and less
LAST = 1.2
MOST_BATCHES = 100
LOG = logging.getLogger("speechsent.doctor")


class Batches(Protocol):
    """Training batches by number, such as a ``keras.utils.PyDataset``."""

    def __getitem__(self, step: int) -> Any:
        """Inputs and targets of one batch, and perhaps weights."""


@dataclass
class _Progress:
    """How far one training has come.

    Args:
        start: Weights before the first step; empty after the first look.
        finite: Weights at the end of the last epoch.
        rounds: Looks at samples; None without any.
        failed: What could not be looked at, and is not tried again.
    """

    start: Values
    finite: Values
    rounds: Rounds | None
    epoch: int = 0
    steps_before: int = 0
    steps: int = 0
    last_look: int = 0
    broken: bool = False
    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    found: dict[tuple[str, str], Finding] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)


class DoctorCallback(keras.callbacks.Callback):
    """Watch a training and tell what goes wrong while it does.

    It looks after 10 steps, after 60, and then at the end of ever fewer epochs, at most 64
    samples each time. Weights, optimiser, BatchNorm statistics and seeds stay as they are: the
    training comes to the same, bit for bit. Without samples it judges weights and losses alone.
    Nothing is ever stopped: where the doctor itself fails, it logs that and looks no further.

    Args:
        x: Training inputs as ``model.fit`` takes them, or some of them; a few are picked, of a
            ``tf.data.Dataset`` or ``keras.utils.PyDataset`` from its first batches.
        y: Their labels; a data set brings them.
        batches: The batches the model is fitted on, if they can be asked for by number: NaN is
            then looked for in the batch that brought it.
        sample_names: Names the samples of such a batch, by its number.
        keeps_best: Whether the best epoch's weights are put back at the end, which makes
            overfitting harmless.
        tell: Called with each finding as it is made; without it, the logger
            ``"speechsent.doctor"`` warns of errors and warnings.
        looker: Looks at the model; one that is kept need not be traced again.

    Raises:
        ParameterError: If ``x`` and ``y`` differ in length, or can be read only once.

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
        sample_names: Callable[[int], Sequence[str]] | None = None,
        keeps_best: bool = False,
        tell: Callable[[Finding], None] | None = None,
        looker: Looker | None = None,
    ) -> None:
        super().__init__()
        given = read(x, y)
        x, y = given.x, given.y
        self._given = x, y
        self._batches, self._sample_names = batches, sample_names
        self._keeps_best, self._looker = keeps_best, looker
        self._tell = tell or _log
        self._progress = _Progress({}, {}, None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found in the last training, errors first."""
        return in_order(self._progress.found.values())

    @property
    def _steps_itself(self) -> bool:
        """Whether a training step of one's own decides which loss Keras is told."""
        return type(self.model).train_step is not keras.Model.train_step

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Remember where the weights start."""
        weights = values_of(self.model.weights)
        self._progress = _Progress(weights, weights, None)
        with self._guarded("samples"):
            self._progress.rounds = self._rounds(weights)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Count steps from here."""
        now = self._progress
        now.epoch = epoch
        now.steps_before = now.steps

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look after the first steps; otherwise see only that the loss is a number."""
        now = self._progress
        now.steps = now.steps_before + batch + 1
        if not now.broken and not np.isfinite((logs or {}).get("loss", 0.0)):
            now.broken = True
            self._add("NaN", self._nan(batch))
        elif now.steps >= FIRST_STEPS and now.start:
            start, now.start = now.start, {}
            self._add("weights", self._moved(start))
            self._look({})
        elif now.last_look < UNDER_WAY <= now.steps:
            self._look({})

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Read the losses; look, if it is time."""
        now, logs = self._progress, logs or {}
        if now.broken:
            return
        weights = values_of(self.model.weights)
        if not all(np.isfinite(values).all() for values in weights.values()):
            now.broken = True  # a ReLU may turn NaN into 0, and the loss stays a number
            self._add("NaN", self._nan(now.steps - now.steps_before - 1))
            return
        now.finite = weights
        now.losses.append(float(logs.get("loss", np.nan)))
        now.validation += [float(logs["val_loss"])] if "val_loss" in logs else []
        if any(now.losses) or not self._steps_itself:  # else it may never have told its loss
            self._add("losses", still_loss(now.losses, now.steps))
        told = overfitting(now.losses, now.validation, keeps_best=self._keeps_best)
        self._add("losses", told)
        if now.steps >= UNDER_WAY and now.steps >= RARER * now.last_look:
            self._look(logs)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Look a last time, so that short trainings are seen twice as well."""
        now = self._progress
        if not now.broken and now.steps >= LAST * now.last_look >= LAST * UNDER_WAY:
            self._look(logs or {}, last=True)

    def _rounds(self, weights: Values) -> Rounds | None:
        """Begin to look at the samples, if there are any and there will be time."""
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        x, y = self._given
        if not n_rows(x) or (epochs and steps and epochs * steps < FIRST_STEPS):
            return None
        if self._looker is None or self._looker.model is not self.model:
            self._looker = Looker(self.model)
        chosen = probed_rows(n_rows(x), fixed_batch(self.model))
        return Rounds(self._looker, rows(x, chosen), rows(y, chosen), weights)

    def _moved(self, start: Values) -> Iterator[Finding]:
        """How far the weights have gone since the start."""
        warming = warms_up(getattr(self.model, "optimizer", None))
        yield from movement(kernels(self.model), start, self._progress.steps, warming=warming)

    def _look(self, logs: dict[str, float], *, last: bool = False) -> None:
        now = self._progress
        now.last_look = now.steps
        if now.rounds is not None:
            self._add("samples", now.rounds.visit(now.steps, logs, last=last))

    def _suspects(self, last: int) -> tuple[Any, Any, Sequence[str] | None]:
        """The samples that may have brought NaN, and their names.

        Args:
            last: The last batch of the epoch that was fitted; the culprit may be an earlier one.
        """
        if self._batches is None:
            return *self._given, None
        steps = range(last, max(last - MOST_BATCHES, -1), -1)
        step = next((step for step in steps if not all_finite(*self._batches[step][:2])), last)
        x, y, *_ = self._batches[step]
        return x, y, self._sample_names(step) if self._sample_names else None

    def _nan(self, last: int) -> Iterator[Finding]:
        """Where the first value that is no number came up; see :meth:`_suspects`."""
        x, y, names = self._suspects(last)
        yield nan_finding(self.model, self._progress.finite, (x, y), names)

    def _add(self, kind: str, findings: Iterable[Finding]) -> None:
        """Keep and tell what is new, until looking for it fails."""
        now = self._progress
        when = f"step {now.steps}, epoch {now.epoch + 1}"
        for finding in self._guarding(kind, findings):
            key = finding.name, finding.at if finding.name == "branch-ignored" else ""
            if key not in now.found:
                now.found[key] = replace(finding, when=when)
                self._tell(now.found[key])

    def _guarding(self, kind: str, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings one by one; an error of who reads them is none of the doctor's."""
        if kind not in self._progress.failed:
            with self._guarded(kind):
                yield from findings

    @contextmanager
    def _guarded(self, kind: str) -> Iterator[None]:
        """Let no mistake of the doctor's end a training; where one was made, look no more."""
        try:
            yield
        except Exception:
            self._progress.failed.add(kind)
            LOG.warning(
                "the doctor failed, and looks at %s no more; training goes on, and this is a bug "
                "worth reporting",
                kind,
                exc_info=True,
            )


def _log(finding: Finding) -> None:
    if finding.severity != "note":
        LOG.warning("%s: %s: %s. %s", finding.name, finding.at, finding.seen, finding.remedy)
