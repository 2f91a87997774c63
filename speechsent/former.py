"""What the configuration of an older run meant when it was written."""

from dataclasses import replace
from pathlib import Path

from speechsent.config import ExperimentConfig, from_dict
from speechsent.plain_yaml import read_yaml


def load_as_trained(path: Path) -> ExperimentConfig:
    """Read a run's configuration; keys that did not exist yet are what the run was trained with.

    Args:
        path: The file, as a run or an archive holds it.

    Raises:
        ConfigError: If anything in it is unknown, mistyped or out of range.
    """
    written = read_yaml(path) or {}
    config = from_dict(written, source=str(path))
    sections = ("cnn", "lstm", "functionals", "view")
    cnn, lstm, functionals, view = (written.get(section) or {} for section in sections)
    if "dropout" in cnn and "block_dropout" not in cnn:  # one rate for blocks and embedding
        config = replace(config, cnn=replace(config.cnn, block_dropout=config.cnn.dropout))
    if cnn and "stem" not in cnn and config.cnn.backbone == "compact":
        config = replace(config, cnn=replace(config.cnn, backbone="blocks"))
    if lstm and "channels" not in lstm:
        config = replace(config, lstm=replace(config.lstm, channels=0, dilations=()))
    if cnn and lstm and "functionals" not in written:
        config = replace(config, functionals=replace(config.functionals, filters=0))
    if functionals.get("filters") and "kinds" not in functionals:
        kinds = ("levels", "normalised")
        config = replace(config, functionals=replace(config.functionals, kinds=kinds))
    if config.view.standardize == "speaker" and "centre_answers" not in view:
        config = replace(config, view=replace(config.view, centre_answers=False))
    return config
