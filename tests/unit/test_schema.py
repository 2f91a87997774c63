from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import yaml

from speechsent.config import ExperimentConfig, load, to_yaml
from speechsent.errors import ConfigError
from speechsent.schema import schema_of

CONFIGS = Path(__file__).parents[2] / "configs"


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A section. And more.

    Args:
        kind: ``"a"`` or
            ``"b"``: nothing else.
        rate: Hz.

    Raises:
        ParameterError: Never.
    """

    kind: Literal["a", "b"] = "a"
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Outer:
    """The whole."""

    n: int = 3
    names: tuple[str, ...] = ("x",)
    inner: Inner = field(default_factory=Inner)


def test_a_schema_by_hand():
    assert schema_of(Outer())["properties"] == {
        "n": {"type": "integer", "default": 3},
        "names": {"type": "array", "items": {"type": ["string", "integer"]}, "default": ["x"]},
        "inner": {
            "type": "object",
            "description": "A section. And more.",
            "additionalProperties": False,
            "properties": {
                "kind": {
                    "enum": ["a", "b"],
                    "default": "a",
                    "description": '`"a"` or `"b"`: nothing else.',
                },
                "rate": {
                    "anyOf": [{"type": "number"}, {"type": "null"}],
                    "default": None,
                    "description": "Hz.",
                },
            },
        },
    }


@pytest.fixture(scope="module")
def validator():
    jsonschema = pytest.importorskip("jsonschema", reason="comes with the extra [dev]")
    schema = schema_of(ExperimentConfig())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def test_the_defaults_fit(validator):
    validator.validate(yaml.safe_load(to_yaml(ExperimentConfig())))


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_fits(validator, path):
    validator.validate(yaml.safe_load(path.read_text()))


BAD = {
    "unknown section": "fitt.epochs=3",
    "unknown key": "fit.epocs=3",
    "text for a number": "fit.epochs=many",
    "a fraction for a whole number": "fit.epochs=1.5",
    "no such choice": "fusion.mode=early",
    "a word for a list": "corpus.classes=anger",
    "a number for a name": "corpus.labels={exc: 3}",
}


@pytest.mark.parametrize("override", BAD.values(), ids=BAD)
def test_what_the_loader_refuses_does_not_fit(validator, override):
    with pytest.raises(ConfigError):
        load(None, [override])
    dotted, _, text = override.partition("=")
    section, key = dotted.split(".")
    assert not validator.is_valid({section: {key: yaml.safe_load(text)}})


def test_every_key_of_a_section_is_described():
    for section in schema_of(ExperimentConfig())["properties"].values():
        for name, key in section.get("properties", {}).items():
            assert key.get("description"), name
