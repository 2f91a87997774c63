"""What a study compares: systems, folds and seeds, checked before anything runs."""

import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import yaml

from speechsent import config as configuration
from speechsent.config import ExperimentConfig
from speechsent.errors import ConfigError
from speechsent.study.naming import bounded
from speechsent.study.sameness import differing_clips
from speechsent.study.search import SUFFIX, Search, range_problems

How = Literal["average", "product", "weighted", "stacked"]
HOW: tuple[How, ...] = ("average", "product", "weighted", "stacked")
FITTED: tuple[How, ...] = ("weighted", "stacked")  # on validation clips
Order = Literal["systems", "folds"]
ORDERS: tuple[Order, ...] = ("systems", "folds")


@dataclass(frozen=True, kw_only=True)
class System:
    """One thing that is compared.

    Args:
        name: How tables call it.
        config: Its configuration, but for seed and fold.
        start: Folder of a finished run whose branches it starts from; None starts from nothing.
    """

    name: str
    config: ExperimentConfig
    start: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Combination:
    """A system made of the answers of others, with nothing trained on the test part.

    Args:
        name: How tables call it.
        how: ``"average"`` takes the mean of the probabilities, ``"product"`` multiplies them;
            ``"weighted"`` weights them, and ``"stacked"`` fits a logistic regression on them, both
            on the validation part.
        of: Names of the systems.
    """

    name: str
    how: How
    of: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One training of a study."""

    system: str
    fold: int
    seed: int
    config: ExperimentConfig
    start: Path | None = None

    @property
    def folder(self) -> str:
        """Name of its run folder, which another configuration cannot have."""
        told = configuration.to_yaml(self.config) + str(self.start or "")
        digest = hashlib.sha256(told.encode()).hexdigest()[:8]
        return f"{bounded(self.system)}-fold{self.fold}-seed{self.seed}-{digest}"


@dataclass(frozen=True, kw_only=True)
class Study:
    """Systems that are trained on the same folds with the same seeds.

    Args:
        name: Name of the study and of its folder.
        systems: What is compared.
        protocol: Named protocol of the folds; without one, the split of the configuration.
        folds: Folds of the protocol, counted from 0; empty for all.
        seeds: Seeds of the trainings.
        combinations: Systems made of others.
        reference: The system all others are compared with; the first if empty.
        search: Ranges that are searched for some systems; what is found is one more system.
        order: What is trained first: ``"systems"`` finishes one system after another, which
            compiles least; ``"folds"`` all systems on a fold, fold by fold and seed by seed, so
            that a study cut short compares them on whole folds.
    """

    name: str
    systems: tuple[System, ...]
    protocol: str = ""
    folds: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0,)
    combinations: tuple[Combination, ...] = ()
    reference: str = ""
    search: Search | None = None
    order: Order = "systems"

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise ConfigError(problems, f"study {self.name or '(no name)'}")

    @property
    def names(self) -> tuple[str, ...]:
        """All systems, trained, searched and combined, in the order of the tables."""
        searched = [name + SUFFIX for name in self.search.of] if self.search else []
        return (*(s.name for s in self.systems), *searched, *(c.name for c in self.combinations))

    @property
    def compared_with(self) -> str:
        """The system all others are compared with."""
        return self.reference or self.names[0]

    def runs(self, n_folds: int) -> list[PlannedRun]:
        """All trainings, in the order they are made.

        Args:
            n_folds: Folds of the protocol on the corpus at hand.

        Raises:
            ConfigError: If a fold does not exist.
        """
        beyond = [fold for fold in self.folds if not 0 <= fold < n_folds]
        if beyond:
            raise ConfigError(
                [f"folds: there are folds 0 to {n_folds - 1}. Received: {beyond}"], self.name
            )
        return [
            PlannedRun(
                system=system.name,
                fold=fold,
                seed=seed,
                config=self.at(system, fold, seed),
                start=system.start,
            )
            for system, seed, fold in self._ordered(self.folds or range(n_folds))
        ]

    def _ordered(self, folds: Iterable[int]) -> Iterable[tuple[System, int, int]]:
        if self.order == "systems":
            return itertools.product(self.systems, self.seeds, folds)
        by_fold = itertools.product(self.seeds, folds, self.systems)
        return ((system, seed, fold) for seed, fold, system in by_fold)

    def at(self, system: System, fold: int, seed: int) -> ExperimentConfig:
        """The configuration of a system on one fold with one seed."""
        config = system.config
        if self.protocol:
            split = replace(config.split, protocol=self.protocol, fold=fold)
            config = replace(config, split=split)
        return replace(config, seed=seed)

    def _problems(self) -> Sequence[str]:
        problems: list[str] = []
        trained = [system.name for system in self.systems]
        if not re.fullmatch(r"[\w.+-]+", self.name) or not self.name.strip("."):
            problems.append("name: letters, digits and .+-_ make the name of a folder")
        if any(system.config.corpus.targets for system in self.systems):
            problems.append("corpus.targets: a study compares UAR; train numbers one by one")
        if not trained:
            problems.append("systems: a study needs one at least")
        configs = {system.name: system.config for system in self.systems}
        problems += differing_clips(configs)
        if self.search:
            problems += range_problems(self.search, configs)
        if len(set(self.names)) < len(self.names):
            problems.append(f"systems: names must differ. Received: {', '.join(self.names)}")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            problems.append("seeds: different whole numbers, not negative, one at least")
        if len(set(self.folds)) < len(self.folds):
            problems.append("folds: each is named once")
        if self.order not in ORDERS:
            problems.append(f"order: one of {', '.join(ORDERS)}. Received: {self.order!r}")
        for combination in self.combinations:
            unknown = [name for name in combination.of if name not in trained]
            if unknown:
                problems.append(f"combine.{combination.name}.of: no trained system {unknown[0]!r}")
            if len(set(combination.of)) < max(2, len(combination.of)):
                problems.append(f"combine.{combination.name}.of: two or more systems, each once")
        if self.reference and self.reference not in self.names:
            near = get_close_matches(self.reference, self.names, n=1) or self.names[:5]
            problems.append(f"reference: no system {self.reference!r}; there is {', '.join(near)}")
        return problems


def to_yaml(study: Study) -> str:
    """The study fully resolved, for whoever wants to know what was run."""
    return yaml.safe_dump(
        {
            "name": study.name,
            "protocol": study.protocol,
            "folds": list(study.folds),
            "seeds": list(study.seeds),
            "order": study.order,
            "reference": study.compared_with,
            "systems": {
                s.name: yaml.safe_load(configuration.to_yaml(s.config)) for s in study.systems
            },
            "search": asdict(study.search) if study.search else None,
            "combine": {c.name: {"how": c.how, "of": list(c.of)} for c in study.combinations},
        },
        sort_keys=False,
        allow_unicode=True,
    )
