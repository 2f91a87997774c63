"""What the configuration of an older run meant when it was written."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from speechsent.config import ExperimentConfig


def as_trained(config: ExperimentConfig, written: Mapping[str, Any]) -> ExperimentConfig:
    """Give keys that did not exist yet the values by which the same network is built.

    Args:
        config: The configuration as it would be read today.
        written: What the file says, section by section.
    """
    cnn, lstm = (written.get(section) or {} for section in ("cnn", "lstm"))
    if "dropout" in cnn and "block_dropout" not in cnn:  # one rate for blocks and embedding
        config = replace(config, cnn=replace(config.cnn, block_dropout=config.cnn.dropout))
    if cnn and "stem" not in cnn and config.cnn.backbone == "compact":
        config = replace(config, cnn=replace(config.cnn, backbone="blocks"))
    if lstm and "channels" not in lstm:
        config = replace(config, lstm=replace(config.lstm, channels=0, dilations=()))
    return config
