import math

import pytest

from speechsent.config import ExperimentConfig
from speechsent.errors import ConfigError
from speechsent.study import search as module
from speechsent.study.reading import study_from_dict
from speechsent.study.search import Range, Search, read_search, search

RANGES = {
    "fit.learning_rate": {"low": 1.0e-4, "high": 1.0e-1, "log": True},
    "lstm.embedding": {"low": 2, "high": 64},
    "cnn.filters": [[4], [8, 8]],
}


def plan(**changes):
    return read_search({"ranges": RANGES, **changes}, ("a", "b"), "study")


def test_ranges_are_read():
    found = plan(of=["b"], trials=5, seed=3)
    assert (found.of, found.n_trials, found.seed) == (("b",), 5, 3)
    assert found.ranges == (
        Range(key="fit.learning_rate", low=1e-4, high=1e-1, log=True),
        Range(key="lstm.embedding", low=2, high=64),
        Range(key="cnn.filters", choices=([4], [8, 8])),
    )
    assert plan().of == ("a", "b")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([], "expected ranges"),
        ({"ranges": []}, "expected ranges"),
        ({"ranges": RANGES, "trails": 3}, "search.trails: unknown key"),
        ({"ranges": RANGES, "trials": 0}, "search.trials: expected a whole number"),
        ({"ranges": RANGES, "seed": "a"}, "search.seed: expected a whole number"),
        ({"ranges": RANGES, "of": ["c"]}, "search.of: no system 'c'"),
        ({"ranges": {"fit.epochs": [3]}}, "a list of values, or low and high"),
        ({"ranges": {"fit.epochs": {"low": 3}}}, "a list of values, or low and high"),
        ({"ranges": {"fit.epochs": {"low": 3, "high": 3}}}, "a list of values, or low and high"),
        ({"ranges": {"fit.epochs": {"low": "a", "high": 3}}}, "a list of values"),
    ],
)
def test_mistakes_are_told(raw, message):
    with pytest.raises(ConfigError, match=message):
        read_search(raw, ("a", "b"), "study")


def near_a_hundredth(tried):
    """A score that is best at a rate of 0.01 and an embedding of 40; remembers what it is asked."""

    def score(config):
        tried.append(config)
        rate = math.log10(config.fit.learning_rate) + 2
        return 1 - rate**2 - (config.lstm.embedding - 40) ** 2 / 1000

    return score


def test_the_best_of_the_trials_is_found_within_the_ranges():
    pytest.importorskip("optuna", reason="needs the extra [search]")
    tried = []
    best = search(plan(trials=40), ExperimentConfig(), near_a_hundredth(tried))
    assert len(tried) == 40
    assert all(1e-4 <= config.fit.learning_rate <= 1e-1 for config in tried)
    assert all(2 <= config.lstm.embedding <= 64 for config in tried)
    assert {config.cnn.filters for config in tried} == {(4,), (8, 8)}
    assert near_a_hundredth([])(best) == max(near_a_hundredth([])(config) for config in tried)
    assert 0.003 < best.fit.learning_rate < 0.03
    assert best.fit.epochs == ExperimentConfig().fit.epochs


def test_the_same_seed_asks_for_the_same_trials():
    pytest.importorskip("optuna", reason="needs the extra [search]")
    one, other, third = [], [], []
    search(plan(trials=12), ExperimentConfig(), near_a_hundredth(one))
    search(plan(trials=12), ExperimentConfig(), near_a_hundredth(other))
    search(plan(trials=12, seed=1), ExperimentConfig(), near_a_hundredth(third))
    assert one == other != third


def test_a_trial_that_fails_does_not_win_and_all_failing_is_an_error():
    pytest.importorskip("optuna", reason="needs the extra [search]")
    answers = iter([None, 0.3, None])
    tried = []
    best = search(plan(trials=3), ExperimentConfig(), lambda c: tried.append(c) or next(answers))
    assert best == tried[1]
    with pytest.raises(ConfigError, match="all 2 trials failed"):
        search(plan(trials=2), ExperimentConfig(), lambda config: None)


def test_a_value_that_does_not_fit_is_told_by_its_key():
    pytest.importorskip("optuna", reason="needs the extra [search]")
    odd = Search(ranges=(Range(key="fit.epoch", low=1, high=5),), of=("a",), n_trials=1)
    with pytest.raises(ConfigError, match="did you mean epochs"):
        search(odd, ExperimentConfig(), lambda config: 0.5)


def test_without_optuna_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install speechsent\[search\]"):
        search(plan(), ExperimentConfig(), lambda config: 0.5)


def test_searched_systems_stand_in_the_table_before_combinations():
    raw = {
        "name": "s",
        "systems": {"a": {"fusion.mode": "cnn"}, "b": {"fusion.mode": "lstm"}},
        "combine": {"mean": {"how": "average", "of": ["a", "b"]}},
        "search": {"ranges": RANGES, "of": ["b"]},
    }
    assert study_from_dict(raw).names == ("a", "b", "b, searched", "mean")
