"""The stages of a training, and what must hold between them: frozen stays, nothing leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import keras

from speechsent.branches import batchnorm
from speechsent.clips import Clips
from speechsent.errors import TrainingError, some
from speechsent.training.fit import History


@dataclass(frozen=True)
class Stage:
    """One fit, and the clips it has seen.

    Args:
        history: Its epochs; the name of the stage is there.
        fitted_on: Clips whose gradients it followed.
        validated_on: Clips by which its best epoch was chosen.
        frozen: SHA-256 of the variables that had to stay, before and after, by path.
    """

    history: History
    fitted_on: frozenset[str]
    validated_on: frozenset[str]
    frozen: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """A model from all inputs to its answers, and the stages that made it.

    Args:
        model: The model.
        stages: In the order they were run.
        kept: The stage whose weights the network has; the last one if not given.
        functionals: The stage that put functionals beside the network, also among the stages.
    """

    model: keras.Model
    stages: tuple[Stage, ...]
    kept: Stage | None = None
    functionals: Stage | None = None

    @property
    def score(self) -> str:
        """Name of the score it was chosen by."""
        return self.stages[-1].history.score

    @property
    def validation_score(self) -> float:
        """UAR or CCC on the clips by which the model was chosen, so optimistic."""
        last = self.functionals or self.kept or self.stages[-1]
        return last.history.validation_score


def freeze(branch: keras.Model) -> None:
    """Make every layer untrainable, one by one: Keras skips flags it believes unchanged.

    Raises:
        TrainingError: If anything in the branch would still train.
    """
    for layer in batchnorm.leaves(branch):
        layer.trainable = False
    if branch.trainable_variables:
        left = some(variable.path for variable in branch.trainable_variables)
        raise TrainingError(f"{branch.name} is not frozen: {left} would still train")


def refuse_leak(stages: Sequence[Stage], validation: Clips) -> None:
    """Refuse to validate a later stage on clips that an earlier one was fitted on.

    Raises:
        TrainingError: If any validation clip was trained on.
    """
    for stage in stages:
        leaked = stage.fitted_on.intersection(validation.ids)
        if leaked:
            raise TrainingError(
                f"stage {stage.history.stage!r} was fitted on {len(leaked)} of the "
                f"{len(validation)} validation clips ({some(sorted(leaked))}); a score on them "
                "would mean nothing. Use one split for all stages"
            )
