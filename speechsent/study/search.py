"""Ranges instead of values: the best configuration of each fold, by its own validation speakers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import isfinite
from typing import Any

import yaml

from speechsent import config as configuration
from speechsent.config import ExperimentConfig
from speechsent.errors import ConfigError
from speechsent.overrides import merge, nested
from speechsent.typed import shown

SUFFIX = ", searched"
RESERVED = ("seed", "corpus", "split")  # sections and keys


@dataclass(frozen=True, kw_only=True)
class Range:
    """Values that one key of the configuration may take.

    Args:
        key: Dotted, such as ``fit.learning_rate``.
        choices: The values; empty for a range of numbers.
        low: Smallest number.
        high: Largest number.
        log: Whether orders of magnitude are equally likely.
    """

    key: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    @property
    def ends(self) -> tuple[Any, Any]:
        """The first and the last choice, or the smallest and the largest number."""
        return (self.choices[0], self.choices[-1]) if self.choices else (self.low, self.high)


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a study searches, and how long.

    Args:
        ranges: Keys and their values.
        of: Systems that are searched, each beside itself as it is.
        n_trials: Trainings of a fold.
        seed: Seed of the search, and of the trainings in it.
    """

    ranges: tuple[Range, ...]
    of: tuple[str, ...]
    n_trials: int = 20
    seed: int = 0


def read_search(raw: Any, systems: tuple[str, ...], source: str) -> Search:
    """Read the section ``search`` of a study.

    Raises:
        ConfigError: If it is mistyped.
    """
    if not isinstance(raw, Mapping) or not isinstance(raw.get("ranges"), Mapping):
        raise ConfigError(["search: expected ranges, and perhaps of, trials and seed"], source)
    unknown = [str(key) for key in raw if key not in ("ranges", "of", "trials", "seed")]
    numbers = {"trials": raw.get("trials", 20), "seed": raw.get("seed", 0)}
    problems = [f"search.{key}: unknown key" for key in unknown]
    problems += [
        f"search.{key}: expected a whole number. Received: {value!r}"
        for key, value in numbers.items()
        if type(value) is not int or value < (key == "trials")
    ]
    of = _systems(raw.get("of", list(systems)), systems, problems)
    ranges = [_range(str(key), value, problems) for key, value in raw["ranges"].items()]
    if not ranges:
        problems.append("search.ranges: expected a key of the configuration, with its values")
    if problems:
        raise ConfigError(problems, source)
    return Search(ranges=tuple(ranges), of=of, n_trials=numbers["trials"], seed=numbers["seed"])


def _systems(raw: Any, systems: tuple[str, ...], problems: list[str]) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw or len(set(map(str, raw))) < len(raw):
        problems.append(
            "search.of: expected a list of one or more systems, each once; without it all are "
            f"searched. Received: {shown(raw)}"
        )
        return ()
    of = tuple(map(str, raw))
    problems += [f"search.of: no system {name!r}" for name in of if name not in systems]
    return of


def _range(key: str, value: Any, problems: list[str]) -> Range:
    if isinstance(value, list) and len(value) > 1:
        return Range(key=key, choices=tuple(value))
    keys = set(value) if isinstance(value, Mapping) else set()
    numbers = keys >= {"low", "high"} and all(
        type(value[k]) in (int, float) and isfinite(value[k]) for k in ("low", "high")
    )
    if not numbers or keys - {"low", "high", "log"} or value["low"] >= value["high"]:
        problems.append(
            f"search.ranges.{key}: expected a list of values, or low and high [and log]. "
            f"Received: {shown(value)}"
        )
        return Range(key=key)
    low, high, log = value["low"], value["high"], value.get("log", False)
    if type(log) is not bool:
        problems.append(f"search.ranges.{key}.log: true or false. Received: {shown(log)}")
    return Range(key=key, low=low, high=high, log=log is True)


def range_problems(plan: Search, configs: Mapping[str, ExperimentConfig]) -> list[str]:
    """What is wrong with ranges: keys that are not to be searched, and values that do not fit.

    A value fits if it does so beside the system's own values, or beside the smallest or the
    largest of the other ranges.

    Args:
        plan: The ranges.
        configs: Configuration of each system, by its name.
    """
    problems = [
        f"search.ranges.{r.key}: {' and '.join(RESERVED)} stay what they are, or trials would be "
        "of other clips; search another key"
        for r in plan.ranges
        if r.key.partition(".")[0] in RESERVED
    ]
    problems += [
        f"search.ranges.{r.key}: with log, low is above 0. Received: low={r.low}"
        for r in plan.ranges
        if r.log and not r.choices and not r.low > 0
    ]
    if problems:
        return problems
    for name in plan.of:
        if name in configs:
            problems += _misfits(plan.ranges, configs[name])
    return list(dict.fromkeys(problems))


def _misfits(ranges: Sequence[Range], config: ExperimentConfig) -> Iterator[str]:
    for r in ranges:
        others = [other for other in ranges if other is not r]
        company = [{o.key: o.ends[i] for o in others} for i in (0, -1)]
        told = set()  # an unknown key is the same with every value
        for value in r.choices or r.ends:
            why = _misfit(config, {r.key: value})
            if not why or why in told:
                continue
            if all(_misfit(config, {**beside, r.key: value}) for beside in company):
                told.add(why)
                yield f"search.ranges.{r.key}: {shown(value)} does not fit: {why}"


def _misfit(config: ExperimentConfig, values: Mapping[str, Any]) -> str:
    """Why a configuration cannot have some values; empty if it can."""
    try:
        _changed(config, values)
    except ConfigError as error:
        return "; ".join(error.problems)
    return ""


def require_optuna() -> None:
    """Refuse a search that nothing could carry out.

    Raises:
        ConfigError: If Optuna is not installed.
    """
    if find_spec("optuna") is None:
        raise ConfigError(["Optuna is not installed; pip install speechsent[search]"], "search")


def search(
    plan: Search, config: ExperimentConfig, score: Callable[[ExperimentConfig], float | None]
) -> ExperimentConfig:
    """Find the configuration of highest score.

    The sequence of trials depends on the seed and on the scores alone, so a search that was killed
    asks for the same configurations again, whose trainings are there already.

    Args:
        plan: Ranges and number of trials.
        config: Where the search starts, and what it leaves alone.
        score: Trains with a configuration and returns its UAR on the validation part; None if the
            training failed.

    Returns:
        The best configuration; of equal ones, the first.

    Raises:
        ConfigError: If Optuna is missing, a value does not fit, or every trial failed.
    """
    require_optuna()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=plan.seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    best: tuple[float, ExperimentConfig] | None = None
    for _ in range(plan.n_trials):
        trial = study.ask()
        tried = _changed(config, {r.key: _suggest(trial, r) for r in plan.ranges})
        value = score(tried)
        if value is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        study.tell(trial, value)
        if best is None or value > best[0]:
            best = value, tried
    if best is None:
        raise ConfigError([f"all {plan.n_trials} trials failed"], "search")
    return best[1]


def _suggest(trial: Any, values: Range) -> Any:
    if values.choices:
        # Lists, such as channels of blocks, cannot be told apart by Optuna: their places can.
        return values.choices[trial.suggest_categorical(values.key, range(len(values.choices)))]
    if isinstance(values.low, int) and isinstance(values.high, int):
        return trial.suggest_int(values.key, values.low, values.high, log=values.log)
    return trial.suggest_float(values.key, values.low, values.high, log=values.log)


def _changed(config: ExperimentConfig, values: Mapping[str, Any]) -> ExperimentConfig:
    raw = yaml.safe_load(configuration.to_yaml(config))
    for dotted, value in values.items():
        raw = merge(raw, nested(dotted, value))
    return configuration.from_dict(raw, source="search")
