"""The shortest command that trains a configuration."""

import json
import shlex

from speechsent.cli.options import FLAGS
from speechsent.comparing.settings import differing
from speechsent.config import ExperimentConfig
from speechsent.presets import PRESETS, preset

FLAG_OF = {key: flag for flag, key, _, _ in FLAGS}
LOOPED = ("split.fold", "seed")  # told as FOLD and SEED


def training_command(config: ExperimentConfig, corpus: str = "ravdess/") -> str:
    """``speechsent train`` with the preset that is nearest, and what differs from it.

    Example:
        >>> from dataclasses import replace
        >>> from speechsent.fusion import FusionConfig
        >>> config = replace(preset("best"), fusion=FusionConfig(mode="lstm"))
        >>> training_command(config)
        'speechsent train ravdess/ --preset best --fusion lstm --fold FOLD --seed SEED'
    """
    name = min(PRESETS, key=lambda name: len(differing(preset(name), config)))
    words = ["speechsent", "train", corpus]
    words += ["--preset", name] if name != PRESETS[0] else []
    for key, (_, value) in differing(preset(name), config).items():
        if key in LOOPED:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        words += [FLAG_OF[key], text] if key in FLAG_OF else ["--set", f"{key}={text}"]
    return f"{shlex.join(words)} --fold FOLD --seed SEED"
