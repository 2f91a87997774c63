from dataclasses import replace

from speechsent.comparing.settings import differing
from speechsent.config import ExperimentConfig, from_dict


def test_keys_are_named_by_their_sections():
    ours = from_dict({"fusion": {"mode": "cnn"}, "cnn": {"filters": [8, 8]}, "seed": 3})
    assert differing(ours, ExperimentConfig()) == {
        "seed": (3, 0),
        "cnn.filters": ((8, 8), ExperimentConfig().cnn.filters),
        "fusion.mode": ("cnn", "joint"),
    }


def test_labels_of_ones_own_are_one_value():
    own = from_dict({"corpus": {"labels": {"exc": "happiness"}}})
    assert differing(own, ExperimentConfig()) == {"corpus.labels": ({"exc": "happiness"}, {})}


def test_equal_configurations_do_not_differ():
    assert differing(ExperimentConfig(), replace(ExperimentConfig())) == {}
