"""Settings by name: differences from the defaults, with what they cost, as YAML in this folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechsent.errors import ParameterError

if TYPE_CHECKING:
    from speechsent.config import ExperimentConfig

HERE = Path(__file__).parent
PRESETS = ("compact", "best", "inceptionv3", "vgg16")  # as they are listed


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named set of settings.

    Args:
        name: Its name.
        summary: What it is, in a line.
        cost: What a training takes, and on what.
        settings: What differs from the defaults, by section and key.
    """

    name: str
    summary: str
    cost: str
    settings: Mapping[str, Any]


def preset(name: str) -> "ExperimentConfig":
    """The configuration of that name.

    Raises:
        ParameterError: If there is none.

    Example:
        >>> preset("vgg16").cnn.backbone
        'vgg16'
    """
    from speechsent.config import from_dict

    return from_dict(dict(read_preset(name).settings), source=f"preset {name}")


def read_preset(name: str) -> Preset:
    """A preset with what is to be said about it; no configuration is built.

    Raises:
        ParameterError: If there is none of that name.
    """
    from difflib import get_close_matches

    from speechsent.plain_yaml import parse

    if name not in PRESETS:
        near = get_close_matches(name, PRESETS, n=1) or PRESETS
        raise ParameterError(f"no preset {name!r}; there is {', '.join(near)}")
    raw = parse((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return Preset(
        name=name, summary=raw["summary"], cost=raw["cost"], settings=raw["settings"] or {}
    )
