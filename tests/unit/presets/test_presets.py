from importlib.resources import files
from pathlib import Path

import pytest
import yaml

import speechsent
from speechsent.cli import main
from speechsent.config import ExperimentConfig, load
from speechsent.errors import ParameterError
from speechsent.presets import PRESETS, read_preset

CONFIGS = Path(__file__).parents[3] / "configs"


def test_compact_is_the_defaults():
    assert speechsent.preset("compact") == ExperimentConfig()


@pytest.mark.parametrize("name", PRESETS)
def test_the_file_in_configs_holds_the_same_settings(name):
    assert load(CONFIGS / f"{name}.yaml") == speechsent.preset(name)


def test_every_file_of_the_folder_is_listed():
    found = {Path(p.name).stem for p in files("speechsent.presets").iterdir() if ".yaml" in p.name}
    assert found == set(PRESETS)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ParameterError, match="no preset 'vgg'; there is vgg16"):
        read_preset("vgg")


def test_the_list_tells_name_line_and_cost(capsys):
    assert main(["config", "presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[::3] == list(PRESETS)
    assert all(len(line) > 10 for line in lines[1::3])
    assert all(line.startswith("  cost: ") for line in lines[2::3])


def test_file_and_set_go_on_top_of_a_preset(tmp_path, capsys):
    file = tmp_path / "my.yaml"
    file.write_text("fit: {patience: 7, batch_size: 8}\n")
    words = ["--preset", "vgg16", "--config", str(file), "--set", "fit.batch_size=4"]
    assert main(["config", "show", *words]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["cnn"]["backbone"] == "vgg16"
    assert (shown["fit"]["patience"], shown["fit"]["batch_size"]) == (7, 4)


@pytest.mark.parametrize(
    ("option", "why"), [("--from", "--from brings the"), ("--resume", "--resume goes on")]
)
def test_a_run_that_is_started_from_brings_its_own_configuration(option, why, tmp_path, capsys):
    assert main(["train", option, str(tmp_path), "--preset", "best", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert why in error
    assert "--preset" in error
