"""``speechsent config``: what would be used, and what there is to set."""

import argparse

from speechsent.cli.lines import as_json
from speechsent.cli.options import add_config, configuration
from speechsent.cli.startup import load_tensorflow

NAME = "config"
HELP = "show the configuration a training would use, presets, or the schema for editors"
EXAMPLES = """\
examples:
  speechsent config show                                    all defaults
  speechsent config show --preset best --config my.yaml --set fit.epochs=3
  speechsent config presets                                 settings by name
  speechsent config schema > speechsent.schema.json         editors complete from it, with
      # yaml-language-server: $schema=speechsent.schema.json   as the first line of a YAML file"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shown = commands.add_parser("show", help="every key with the value that holds, as YAML")
    shown.add_argument("--json", action="store_true", help="print JSON")
    add_config(shown)
    shown.set_defaults(run=show)
    listed = commands.add_parser("presets", help="settings by name, with what they cost")
    listed.set_defaults(run=presets)
    described = commands.add_parser("schema", help="every key with type, default and meaning")
    described.set_defaults(run=schema)


def show(args: argparse.Namespace) -> int:
    """Print the effective configuration."""
    load_tensorflow()
    import yaml

    from speechsent.config import to_yaml

    text = to_yaml(configuration(args))
    print(as_json(yaml.safe_load(text)) if args.json else text, end="\n" * args.json)
    return 0


def presets(_: argparse.Namespace) -> int:
    """List the presets."""
    from speechsent.presets import PRESETS, read_preset

    for name in PRESETS:
        found = read_preset(name)
        print(f"{name}\n  {found.summary}\n  cost: {found.cost}")
    return 0


def schema(_: argparse.Namespace) -> int:
    """Print the JSON schema of a configuration file."""
    load_tensorflow()
    from speechsent.config import ExperimentConfig
    from speechsent.schema import schema_of

    print(as_json(schema_of(ExperimentConfig())))
    return 0
