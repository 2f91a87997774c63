import math

import pytest

from speechsent.config import ExperimentConfig
from speechsent.errors import ConfigError
from speechsent.study import ablate
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
        ({"ranges": {}}, "search.ranges: expected a key"),
        ({"ranges": {"fit.learning_rate": {"low": math.nan, "high": 0.1}}}, "low and high"),
        ({"ranges": {"fit.learning_rate": {"low": 0.1, "high": math.inf}}}, "low and high"),
        ({"ranges": {"fit.epochs": {"low": 1, "high": 9, "log": "no"}}}, "log: true or false"),
        ({"ranges": RANGES, "of": None}, "search.of: expected a list of one or more systems"),
        ({"ranges": RANGES, "of": []}, "search.of: expected a list of one or more systems"),
        ({"ranges": RANGES, "of": 3}, "search.of: expected a list of one or more systems"),
        ({"ranges": RANGES, "of": "a"}, "search.of: expected a list of one or more systems"),
        ({"ranges": RANGES, "of": ["a", "a"]}, "search.of: expected a list .* each once"),
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


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        (
            {"fit.lerning_rate": {"low": 0.01, "high": 0.1}},
            r"search\.ranges\.fit\.lerning_rate: .*did you mean learning_rate\?$",
        ),
        ({"fit.learning_rate": {"low": 0, "high": 0.1, "log": True}}, "with log, low is above 0"),
        (
            {"fit.epochs": {"low": 1.5, "high": 4}},
            r"search\.ranges\.fit\.epochs: 1\.5 does not fit",
        ),
        ({"fit.epochs": [3, "many"]}, r"search\.ranges\.fit\.epochs: 'many' does not fit"),
        ({"fit": [3, 4]}, "expected a section of keys"),
        ({"seed": [1, 2]}, r"search\.ranges\.seed: .*search another key"),
        ({"split.seed": [1, 2]}, r"search\.ranges\.split\.seed: .*search another key"),
        ({"split.fold": [0, 1]}, r"search\.ranges\.split\.fold: .*search another key"),
        ({"corpus.classes": [["anger"], ["fear"]]}, r"search\.ranges\.corpus\.classes: .*another"),
    ],
)
def test_ranges_that_no_trial_could_have_are_refused_before_anything_runs(ranges, message):
    raw = {"name": "s", "systems": {"a": None}, "search": {"ranges": ranges}}
    with pytest.raises(ConfigError, match=message) as caught:
        study_from_dict(raw, source="toy.yaml")
    assert str(caught.value).startswith("toy.yaml: search.ranges")


def test_values_that_fit_beside_each_other_alone_are_allowed():
    """130 coefficients need more mel bands than the 96 there are by default."""
    ranges = {"mfcc.n_mfcc": [20, 130], "log_mel.n_mels": [96, 140]}
    raw = {"name": "s", "systems": {"a": None}, "search": {"ranges": ranges}}
    assert study_from_dict(raw).names == ("a", "a, searched")
    del ranges["log_mel.n_mels"]
    with pytest.raises(ConfigError, match=r"mfcc\.n_mfcc: 130 does not fit"):
        study_from_dict(raw)


def test_without_optuna_nothing_is_trained(monkeypatch, tmp_path):
    raw = {"name": "s", "systems": {"a": None}, "search": {"ranges": RANGES}}
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install speechsent\[search\]"):
        ablate(study_from_dict(raw), tmp_path / "no-corpus", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
