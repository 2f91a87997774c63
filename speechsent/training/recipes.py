"""How a model comes about: networks, functionals, or functionals beside networks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import keras

from speechsent.branches.functionals import NAME as FUNCTIONALS
from speechsent.branches.functionals import describing
from speechsent.clips import Clips
from speechsent.errors import TrainingError
from speechsent.fusion import alone, beside
from speechsent.training.callbacks import figures_of
from speechsent.training.fit import History
from speechsent.training.functionals import Functionals, require_solvable, solve
from speechsent.training.inference import clip_outputs
from speechsent.training.network_trainer import NetworkTrainer
from speechsent.training.stages import Stage, Trained


@dataclass(frozen=True)
class Trainer(NetworkTrainer):
    """Trains branches and heads on one set of clips, validating on another."""

    def run(self) -> Trained:
        """Train in the configured mode."""
        if self.functionals is not None:
            require_solvable(self.functionals.config, self.train, self.options.seed)
        mode = self.fusion.mode
        if mode == FUNCTIONALS:
            return self.without_network()
        if mode in self.branches:
            model, stage = self.alone(mode)
            return Trained(model, (stage,))
        if mode == "joint":
            return self.with_functionals(self.joint())
        trained = self.frozen()
        return self.with_functionals(self.finetune(trained) if self._has("finetune") else trained)

    def again(self, trained: Trained, branches: Mapping[str, keras.Model], clips: Clips) -> Trained:
        """Train once more, on more clips, to the epochs that were chosen.

        Args:
            trained: What :meth:`run` has come to.
            branches: The branches, as they were before.
            clips: Training and validation clips.

        Returns:
            The new model, with the stages of both trainings.
        """
        kept = trained.stages.index(trained.kept) if trained.kept else len(trained.stages) - 1
        chosen = {
            stage.history.stage: stage.history.best_epoch for stage in trained.stages[: kept + 1]
        }
        more = replace(
            self,
            branches=branches,
            train=clips,
            validation=clips.subset([]),
            chosen=chosen,
        )
        found = more.run()
        stages = (*trained.stages, *found.stages)
        return Trained(found.model, stages, trained.stages[kept], trained.functionals)

    def without_network(self) -> Trained:
        """Solve functionals that answer by themselves."""
        if self.functionals is None:
            raise TrainingError("there are no functionals to solve")
        self._solve(self.functionals)
        model = self.workshop.fresh("functionals alone", alone(self.functionals.model))
        stage = self._scored(model)
        return Trained(model, (stage,), functionals=stage)

    def with_functionals(self, trained: Trained) -> Trained:
        """Solve functionals, and put them beside a network that is trained."""
        if self.functionals is None:
            return trained
        self._solve(self.functionals)
        power = self.functionals.power
        model = self.workshop.fresh(
            "with functionals", beside(trained.model, self.functionals.model, power=power)
        )
        stage = self._scored(model)
        kept = trained.kept or trained.stages[-1]
        return Trained(model, (*trained.stages, stage), kept, stage)

    def solve_again(self, trained: Trained, clips: Clips) -> Trained:
        """Solve the functionals once more, from more clips; the network stays.

        Args:
            trained: What :meth:`run` has come to.
            clips: Training and validation clips.
        """
        if self.functionals is None:
            return trained
        more = replace(self, train=clips, validation=clips.subset([]), chosen={})
        more._solve(self.functionals)
        stages = (*trained.stages, more._scored(trained.model))
        return replace(trained, stages=stages)

    def _solve(self, functionals: Functionals) -> None:
        statistics = self.workshop.fresh("statistics", describing(functionals.model))
        more = "" if self.chosen is None else ", once more, with validation clips"
        self.listener.note(f"functionals: solved in one go from {len(self.train)} clips{more}")
        solve(functionals, self.train, self.options, statistics, by_speaker=self.by_speaker)

    def _scored(self, model: keras.Model) -> Stage:
        """The stage in which functionals were solved, with the scores it came to as one epoch."""
        scores = self._scores(clip_outputs)
        scores.set_model(model)
        logs: dict[str, float] = {}
        scores.on_epoch_end(0, logs)
        row = {"epoch": 1, **figures_of(logs)}
        row.pop("objective", None)  # nothing was minimised step by step
        return self._stage(History(self._named(FUNCTIONALS), (row,), 1))

    def _has(self, stage: str) -> bool:
        """Whether a stage takes part; a fine-tuning that only lost is not repeated."""
        return self.fusion.mode == stage and (self.chosen is None or stage in self.chosen)
