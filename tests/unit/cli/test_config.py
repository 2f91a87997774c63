import json

import yaml

from speechsent.cli import main
from speechsent.config import ExperimentConfig, load, to_yaml


def test_the_defaults_are_shown_as_yaml(capsys):
    assert main(["config", "show"]) == 0
    assert capsys.readouterr().out == to_yaml(ExperimentConfig())


def test_file_set_and_flags_are_shown_as_they_take_effect(tmp_path, capsys):
    path = tmp_path / "my.yaml"
    path.write_text("fit: {epochs: 3, batch_size: 8}\n")
    words = ["--config", str(path), "--set", "fit.batch_size=16", "--fusion", "lstm"]
    assert main(["config", "show", *words]) == 0
    shown = capsys.readouterr().out
    found = yaml.safe_load(shown)
    assert (found["fit"]["epochs"], found["fit"]["batch_size"]) == (3, 16)
    assert found["fusion"]["mode"] == "lstm"
    path.write_text(shown)
    assert to_yaml(load(path)) == shown


def test_a_mistyped_key_is_told(capsys):
    assert main(["config", "show", "--set", "fit.epocs=3"]) == 1
    assert "did you mean epochs or" in capsys.readouterr().err


def test_both_can_be_json(capsys):
    assert main(["config", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fusion"]["mode"] == "joint"
    assert main(["config", "schema"]) == 0
    fit = json.loads(capsys.readouterr().out)["properties"]["fit"]["properties"]
    assert fit["epochs"]["type"] == "integer"
    assert fit["epochs"]["description"]
