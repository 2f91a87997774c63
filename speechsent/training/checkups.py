"""The doctor at every stage of a training: what it finds is told, and kept for the run folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from speechsent.datasets import SeededBatches, TrainingBatches
from speechsent.doctor import DoctorCallback, Finding, examine
from speechsent.doctor.graph import leaves
from speechsent.doctor.inflight.look import RECURRENT, Looker
from speechsent.errors import TrainingError
from speechsent.training.listener import Listener

FORMAT = 1
QUICK = 1_000_000  # parameters; larger networks take seconds to answer for the first time


@dataclass(frozen=True)
class Checkup:
    """What was found in one stage, before its first step and while it was trained."""

    stage: str
    before: tuple[Finding, ...]
    watch: DoctorCallback

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "stage": self.stage,
            "before": [finding.as_dict() for finding in self.before],
            "during": [finding.as_dict() for finding in self.watch.findings],
        }


@dataclass
class Checkups:
    """The doctor's part in one training.

    Args:
        listener: Who is told of errors and warnings.
        force: Train although an error was found.
    """

    listener: Listener
    force: bool = False
    made: list[Checkup] = field(default_factory=list)

    def attend(
        self, stage: str, model: keras.Model, batches: SeededBatches, looker: Looker
    ) -> DoctorCallback:
        """Examine a model on its first batch, and return what watches it from then on.

        Args:
            stage: Name of the stage.
            model: The model, compiled.
            batches: What it is trained on.
            looker: Looks at this model.

        Raises:
            TrainingError: If it would not train as meant, unless forced.
        """
        inputs, targets, *_ = batches[0]
        diagnosis = examine(model, inputs, targets, passes=1 if _quick(model) else 0)
        watch = DoctorCallback(
            inputs,
            targets,
            batches=batches,
            sample_names=_names(batches),
            keeps_best=True,
            tell=lambda finding: self._tell(stage, finding),
            looker=looker,
        )
        before = tuple(f for f in diagnosis.findings if _concerns(f, batches))
        self.made.append(Checkup(stage, before, watch))
        for finding in before:
            self._tell(stage, finding)
        if diagnosis.errors and not self.force:
            first = diagnosis.errors[0]
            raise TrainingError(
                f"{stage}: {first.name} at {first.at}: {first.seen}, expected {first.expected}. "
                f"Remedy: {first.remedy}. To train nevertheless: --force, or force=True"
            )
        return watch

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; docs/doctor.md tells what they mean."""
        return {
            "format": FORMAT,
            "forced": self.force,
            "stages": [checkup.as_dict() for checkup in self.made],
        }

    def _tell(self, stage: str, finding: Finding) -> None:
        if finding.severity != "note":
            when = f" ({finding.when})" if finding.when else ""
            self.listener.note(
                f"{finding.severity}: {stage}{when}: {finding.name} at {finding.at}: "
                f"{finding.seen}; see {finding.where}"
            )


def _concerns(finding: Finding, batches: SeededBatches) -> bool:
    """Whether a finding is about what it is trained on: embeddings behind a ReLU are sparse."""
    return finding.name != "channels-all-zero" or isinstance(batches, TrainingBatches)


def _quick(model: keras.Model) -> bool:
    """Whether a batch is through before anybody notices."""
    slow = any(isinstance(layer, RECURRENT) for layer in leaves(model))
    return not slow and model.count_params() < QUICK


def _names(batches: SeededBatches) -> Any:
    """What names the clips of a batch, where batches are of clips."""
    if not isinstance(batches, TrainingBatches):
        return None

    def names(step: int) -> Sequence[str]:
        return [batches.clips.ids[clip] for clip in batches.chosen(step)]

    return names
