"""What the systems of a study must have in common, so that they are compared on the same clips."""

from collections.abc import Mapping

from speechsent.config import ExperimentConfig
from speechsent.typed import shown

# A study opens its corpus once, for all systems.
OF_THE_CORPUS = ("classes", "labels", "skip_bad_audio")
# A protocol's name does not tell these; under another value other clips are tested.
OF_THE_SPLIT = ("seed", "test", "validation", "test_speakers", "validation_speakers")


def differing_clips(configs: Mapping[str, ExperimentConfig]) -> list[str]:
    """Keys by which systems would be trained or tested on other clips, with the remedy.

    Args:
        configs: Configuration of each system, by its name.
    """
    corpora = {name: config.corpus for name, config in configs.items()}
    splits = {name: config.split for name, config in configs.items()}
    found = [("corpus", key, _values(corpora, key)) for key in OF_THE_CORPUS]
    found += [("split", key, _values(splits, key)) for key in OF_THE_SPLIT]
    return [
        f"{section}.{key}: systems are compared on the same clips, so it is the same for all; "
        f"set it under base, or make a study of each. Received: {_told(values)}"
        for section, key, values in found
        if any(value != next(iter(values.values())) for value in values.values())
    ]


def _values(parts: Mapping[str, object], key: str) -> dict[str, object]:
    return {name: getattr(part, key) for name, part in parts.items()}


def _told(values: Mapping[str, object]) -> str:
    """The first system's value, and the first other one."""
    (name, value), *others = values.items()
    other, another = next(pair for pair in others if pair[1] != value)
    return f"{shown(value)} of {name}, {shown(another)} of {other}"
