from speechsent.config import ExperimentConfig, ViewConfig, to_yaml
from speechsent.former import load_as_trained
from speechsent.network import build_branches

WRITTEN = """\
log_mel: {n_fft: 512, n_mels: 64}
cnn: {backbone: compact, filters: [32, 48, 64, 96], dropout: 0.2, block_dropout: 0.0, embedding: 64}
lstm: {streams: [mfcc], units: [64, 64], bidirectional: true, pooling: statistics, embedding: 64}
fusion: {mode: joint}
"""


def test_the_branches_of_an_older_run_have_the_weights_they_had(tmp_path):
    """As many as the version counted that wrote such runs, before there were cnn.stem and so on."""
    path = tmp_path / "config.yaml"
    path.write_text(WRITTEN)
    branches = build_branches(load_as_trained(path), pretrained=False)
    counted = {name: branch.count_params() for name, branch in branches.items()}
    assert counted == {"cnn": 180_256, "lstm": 226_496}


def test_an_older_run_has_no_functionals_and_centres_nothing(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"{WRITTEN}view: {{standardize: speaker}}\n")
    config = load_as_trained(path)
    assert not config.uses_functionals
    assert not config.centres_answers


def test_older_functionals_have_the_kinds_of_filters_they_had(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(f"{WRITTEN}functionals: {{filters: 2000, copies: 2}}\n")
    assert load_as_trained(path).functionals.kinds == ("levels", "normalised")


def test_a_run_of_today_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(ExperimentConfig(view=ViewConfig(standardize="speaker"))))
    config = load_as_trained(path)
    assert config.uses_functionals
    assert len(config.functionals.kinds) == 4
    assert config.centres_answers
