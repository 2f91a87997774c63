"""The doctor at every stage of a training: what it finds is told, and kept for the run folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from speechsent.answers import Asked
from speechsent.batches import SeededBatches
from speechsent.datasets import TrainingBatches
from speechsent.doctor import DoctorCallback, Finding, examine
from speechsent.doctor.graph import leaves
from speechsent.doctor.inflight.look import RECURRENT, Looker
from speechsent.errors import TrainingError
from speechsent.training.embeddings import HeadBatches
from speechsent.training.listener import Listener

FORMAT = 1
ABOUT_CLIPS = ("channels-all-zero", "inputs-all-alike")
ONE_CLASS = "one-class-only"
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
        earlier: Stages as dicts, from before the training was cut; empty if it was not.
        keep: Called with all that was found whenever there is more of it.
    """

    listener: Listener
    force: bool = False
    earlier: Sequence[Mapping[str, Any]] = ()
    keep: Callable[[dict[str, Any]], None] = lambda found: None
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
            tell=lambda finding: self._tell_and_keep(stage, finding),
            looker=looker,
        )
        before = tuple(f for f in diagnosis.findings if _concerns(f, batches))
        self.made.append(Checkup(stage, before, watch))
        for finding in before:
            self._tell(stage, finding)
        self.keep(self.as_dict())
        errors = [finding for finding in before if finding.severity == "error"]
        if errors and not self.force:
            first = errors[0]
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
            "stages": _joined(self.earlier, [checkup.as_dict() for checkup in self.made]),
        }

    def _tell_and_keep(self, stage: str, finding: Finding) -> None:
        self._tell(stage, finding)
        self.keep(self.as_dict())

    def _tell(self, stage: str, finding: Finding) -> None:
        if finding.severity != "note":
            when = f" ({finding.when})" if finding.when else ""
            self.listener.note(
                f"{finding.severity}: {stage}{when}: {finding.name} at {finding.at}: "
                f"{finding.seen}; see {finding.where}"
            )


def _joined(
    earlier: Sequence[Mapping[str, Any]], later: Sequence[dict[str, Any]]
) -> list[Mapping[str, Any]]:
    """Stages in the order they were begun; one that was cut keeps what was found before."""
    found = {stage["stage"]: stage for stage in earlier}
    for stage in later:
        before = found.get(stage["stage"], {"during": []})["during"]
        known = {(finding["name"], finding["at"]) for finding in stage["during"]}
        lost = [finding for finding in before if (finding["name"], finding["at"]) not in known]
        found[stage["stage"]] = stage | {"during": [*lost, *stage["during"]]}
    return list(found.values())


def _concerns(finding: Finding, batches: SeededBatches) -> bool:
    """Whether a finding is about what it is trained on.

    Embeddings behind a ReLU are sparse, and those of a branch that learned little are alike; that
    branch is told of while the head is trained. A batch of clips of several classes may by chance
    be of one.
    """
    if finding.name == ONE_CLASS and isinstance(batches, TrainingBatches | HeadBatches):
        return not of_several(
            batches.clips if isinstance(batches, TrainingBatches) else batches.embedded
        )
    return finding.name not in ABOUT_CLIPS or isinstance(batches, TrainingBatches)


def of_several(clips: Asked) -> bool:
    """Whether clips are of several classes."""
    return len(np.unique(clips.classes)) > 1


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
