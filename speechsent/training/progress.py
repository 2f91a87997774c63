"""How far a training is, kept on disk so that it goes on from there, bit for bit, after anything.

Batches are functions of (seed, epoch, clip), and whatever lies between the stages is computed
again, so what has to be kept is the model with the seeds of its dropouts, the optimiser, the
epoch's running figures, the history, and the best epoch's weights.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from speechsent.branches.batchnorm import leaves
from speechsent.errors import RunError
from speechsent.training.snapshot import Slots, Snapshot

SECONDS = 60.0  # between two checkpoints within an epoch
SHARE = 0.02  # of the time that checkpoints may take


class Pace:
    """When a checkpoint is due.

    Args:
        seconds: Between two checkpoints within an epoch, with one at each epoch's end; if None,
            ``SECONDS``, or as seldom as keeps all of them within ``SHARE`` of the time.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._last, self._cost = time.monotonic(), 0.0

    def due(self, *, epoch_ended: bool) -> bool:
        """Whether one is due now."""
        passed = time.monotonic() - self._last
        if self.seconds is not None:
            return epoch_ended or passed >= self.seconds
        return passed * SHARE >= self._cost and (epoch_ended or passed >= SECONDS)

    def kept(self, began: float) -> None:
        """Note that one has been written, begun at a time of ``time.monotonic()``."""
        self._last = time.monotonic()
        self._cost = self._last - began


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The checkpoints of one training.

    Args:
        folder: Where they are.
        identity: What the training is; checkpoints of another one are refused.
        pace: When checkpoints are written.
    """

    folder: Path
    identity: str
    pace: Pace = field(default_factory=Pace)

    def finished(self, stage: str, model: keras.Model) -> tuple[list[dict[str, float]], int] | None:
        """Put a finished stage's outcome into a model.

        Returns:
            Its history's rows and best epoch; None, and nothing changed, if it is not finished.
        """
        kept = self._own(Snapshot.read(self._file(stage)))
        if kept is None:
            return None
        fill(variables(model), kept.arrays["model"], self.folder)
        return kept.facts["rows"], kept.facts["best_epoch"]

    def finish(
        self, stage: str, model: keras.Model, rows: Sequence[Mapping[str, float]], best_epoch: int
    ) -> None:
        """Keep a finished stage's outcome."""
        facts = {"identity": self.identity, "rows": list(rows), "best_epoch": best_epoch}
        Snapshot(facts, {"model": values(variables(model))}).write(self._file(stage))

    def slots(self) -> tuple[Slots, Snapshot | None]:
        """Where the state of the stage underway is kept, and the newest there is."""
        slots = Slots(self.folder)
        return slots, self._own(slots.newest())

    def _file(self, stage: str) -> Path:
        return self.folder / f"{stage}.finished"

    def _own(self, found: Snapshot | None) -> Snapshot | None:
        if found is not None and found.facts["identity"] != self.identity:
            raise RunError(f"{self.folder}: holds checkpoints of another training; train again")
        return found


def variables(model: keras.Model) -> list[keras.Variable]:
    """All that a model's layers remember: weights, statistics, and seeds of dropouts."""
    return [variable for layer in leaves(model) for variable in layer.variables]


def values(held: Sequence[keras.Variable]) -> list[np.ndarray]:
    """What variables hold."""
    return [keras.ops.convert_to_numpy(variable) for variable in held]


def fill(held: Sequence[keras.Variable], arrays: Sequence[np.ndarray], folder: Path) -> None:
    if [tuple(v.shape) for v in held] != [array.shape for array in arrays]:
        raise RunError(f"{folder}: its checkpoints do not fit this network; train again")
    for variable, array in zip(held, arrays, strict=True):
        variable.assign(array)
