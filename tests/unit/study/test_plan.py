import pytest

from speechsent.errors import ConfigError
from speechsent.study.reading import load_study, study_from_dict, with_numbers

FUSION = {
    "name": "fusion",
    "protocol": "ravdess-8-luna5",
    "folds": [0, 2],
    "seeds": [0, 1],
    "base": {"fit.epochs": 3, "cnn": {"dropout": 0.1}},
    "systems": {"cnn": {"fusion.mode": "cnn"}, "both": {"fusion": {"mode": "joint"}}},
    "combine": {"mean": {"how": "average", "of": ["cnn", "both"]}},
}


def test_each_system_is_trained_on_each_fold_with_each_seed():
    runs = study_from_dict(FUSION).runs(5)
    assert [(run.system, run.seed, run.fold) for run in runs] == [
        ("cnn", 0, 0), ("cnn", 0, 2), ("cnn", 1, 0), ("cnn", 1, 2),
        ("both", 0, 0), ("both", 0, 2), ("both", 1, 0), ("both", 1, 2),
    ]  # fmt: skip
    config = runs[-1].config
    assert (config.seed, config.split.protocol, config.split.fold) == (1, "ravdess-8-luna5", 2)
    assert (config.fusion.mode, config.fit.epochs, config.cnn.dropout) == ("joint", 3, 0.1)


def test_without_folds_all_are_taken():
    study = study_from_dict({**FUSION, "folds": []})
    assert [run.fold for run in study.runs(5)][:5] == [0, 1, 2, 3, 4]


def test_factors_are_crossed():
    study = study_from_dict(
        {
            "name": "grid",
            "factors": {
                "log_mel.n_mels": [40, 64],
                "loud": {"quiet": {"augment.gain_db": 0.0}, "gain": {}},
            },
        }
    )
    assert study.names == (
        "n_mels 40, quiet", "n_mels 40, gain", "n_mels 64, quiet", "n_mels 64, gain"
    )  # fmt: skip
    configs = [system.config for system in study.systems]
    assert [config.log_mel.n_mels for config in configs] == [40, 40, 64, 64]
    assert [config.augment.gain_db for config in configs] == [0.0, 6.0, 0.0, 6.0]
    assert study.compared_with == "n_mels 40, quiet"


def test_a_run_folder_is_the_configurations_own():
    one = study_from_dict(FUSION).runs(5)
    other = study_from_dict({**FUSION, "base": {"fit.epochs": 4}}).runs(5)
    folders = {run.folder for run in (*one, *other)}
    assert len(folders) == 16
    assert [run.folder for run in study_from_dict(FUSION).runs(5)] == [run.folder for run in one]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sytems": {}}, "sytems: unknown key"),
        ({"factors": {"seed": [1]}}, "two ways to say the same"),
        ({"systems": {"a": {"fit.epoch": 3}}}, "did you mean epochs"),
        ({"systems": {"a": {"seed": 3}}}, "seed: the study's own"),
        ({"systems": {"a": {"split": {"fold": 3}}}}, "split.fold: the study's own"),
        ({"systems": {"a": 3}}, r"systems\.a: expected keys"),
        ({"systems": {}}, "expected a mapping of names"),
        ({"order": "seeds"}, "order: one of systems, folds. Received: 'seeds'"),
        ({"preset": "bets"}, "preset: no preset 'bets'; there is best"),
        ({"seeds": [0, 0]}, "different whole numbers"),
        ({"seeds": "0"}, "expected a list of whole numbers"),
        ({"folds": [1.5]}, "expected a list of whole numbers"),
        ({"folds": [1, 1]}, "each is named once"),
        ({"name": "a/b"}, "letters, digits"),
        ({"name": ".."}, "letters, digits"),
        ({"reference": "boht"}, "no system 'boht'; there is both"),
        ({"combine": {"m": {"how": "mean", "of": ["cnn", "both"]}}}, "how is one of average"),
        ({"combine": {"m": {"how": "average"}}}, "expected the keys how and of"),
        ({"combine": {"m": {"how": "average", "of": ["cnn", "rnn"]}}}, "no trained system 'rnn'"),
        ({"combine": {"m": {"how": "average", "of": ["cnn"]}}}, "two or more systems"),
        ({"combine": {"m": {"how": "average", "of": ["cnn", "lstm", "cnn"]}}}, "each once"),
        ({"combine": {"cnn": {"how": "average", "of": ["cnn", "both"]}}}, "names must differ"),
    ],
)
def test_mistakes_are_told_before_anything_runs(change, message):
    with pytest.raises(ConfigError, match=message):
        study_from_dict({**FUSION, **change})


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("split.seed", 0, 1),
        ("split.test", 0.2, 0.3),
        ("split.validation", 0.15, 0.3),
        ("split.test_speakers", ["a"], ["b"]),
        ("split.validation_speakers", ["a"], ["b"]),
        ("corpus.classes", ["anger", "fear"], ["anger", "sadness"]),
        ("corpus.labels", {"exc": "happiness"}, {"exc": "surprise"}),
        ("corpus.skip_bad_audio", True, False),
    ],
)
def test_systems_of_other_clips_are_refused_before_anything_runs(key, one, other):
    raw = {"name": "clips", "systems": {"a": {key: one}, "b": {key: one}, "c": {key: other}}}
    message = rf"^toy\.yaml: {key}: .*same clips.*set it under base.*of a, .* of c$"
    with pytest.raises(ConfigError, match=message):
        study_from_dict(raw, source="toy.yaml")
    same = {"name": "clips", "base": {key: one}, "systems": {"a": {}, "b": {"fit.epochs": 3}}}
    assert study_from_dict(same).names == ("a", "b")


def test_systems_may_differ_in_how_many_clips_they_are_trained_on():
    study = study_from_dict({"name": "n", "factors": {"split.train_fraction": [0.5, 1.0]}})
    assert study.names == ("train_fraction 0.5", "train_fraction 1.0")


def test_no_factors_are_no_study():
    with pytest.raises(ConfigError, match="systems or factors: expected a mapping of names"):
        study_from_dict({"name": "n", "factors": {}})


@pytest.mark.parametrize("letter", ["q", "ü"])
def test_a_long_name_of_a_system_makes_no_long_name_of_a_folder(letter):
    """Machine and process stand before it at first, and file systems allow 255 bytes."""
    systems = {letter * 240 + end: None for end in "ab"}
    one, other = study_from_dict({"name": "n", "systems": systems}).runs(1)
    assert len(one.folder.encode()) <= 150
    assert one.folder != other.folder
    assert one.folder.startswith(letter * 50)


def test_a_fold_that_does_not_exist_is_refused():
    with pytest.raises(ConfigError, match="there are folds 0 to 1"):
        study_from_dict(FUSION).runs(2)


def test_the_name_of_a_study_is_that_of_its_file_and_overrides_reach_its_base(tmp_path):
    file = tmp_path / "widths.yaml"
    file.write_text("base: {fit.epochs: 5}\nfactors: {cnn.embedding: [8, 16]}\n")
    study = load_study(file, ["fit.epochs=2"])
    assert study.name == "widths"
    assert {system.config.fit.epochs for system in study.systems} == {2}


def test_folds_and_seeds_can_be_given_on_the_command_line():
    study = with_numbers(study_from_dict(FUSION), "1", "3,4")
    assert (study.folds, study.seeds) == ((1,), (3, 4))
    with pytest.raises(ConfigError, match="--seeds: whole numbers"):
        with_numbers(study, None, "a")


def test_fold_by_fold_all_systems_come_before_the_next_fold_and_seed():
    runs = study_from_dict({**FUSION, "order": "folds"}).runs(5)
    assert [(run.seed, run.fold, run.system) for run in runs] == [
        (0, 0, "cnn"), (0, 0, "both"), (0, 2, "cnn"), (0, 2, "both"),
        (1, 0, "cnn"), (1, 0, "both"), (1, 2, "cnn"), (1, 2, "both"),
    ]  # fmt: skip


def test_base_goes_on_top_of_a_preset():
    study = study_from_dict({**FUSION, "preset": "vgg16", "base": {"fit.patience": 3}})
    fits = {(s.config.fit.learning_rate, s.config.fit.patience) for s in study.systems}
    assert fits == {(0.0003, 3)}


def test_a_preset_can_be_given_on_the_command_line(tmp_path):
    file = tmp_path / "widths.yaml"
    file.write_text("preset: best\nfactors: {cnn.embedding: [8, 16]}\n")
    study = load_study(file, ["fit.patience=2"], preset="vgg16")
    fits = {(s.config.fit.learning_rate, s.config.fit.patience) for s in study.systems}
    assert fits == {(0.0003, 2)}
