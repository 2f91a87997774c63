"""``speechsent config``: what would be used, and what there is to set."""

import argparse
import json

from speechsent.cli.options import add_config, overrides
from speechsent.cli.startup import load_tensorflow

NAME = "config"
HELP = "show the configuration a training would use, or its schema for editors"
EXAMPLES = """\
examples:
  speechsent config show                                    all defaults
  speechsent config show --config my.yaml --set fit.epochs=3
  speechsent config schema > speechsent.schema.json         editors complete from it, with
      # yaml-language-server: $schema=speechsent.schema.json   as the first line of a YAML file"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two sub-commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    shown = commands.add_parser("show", help="every key with the value that holds, as YAML")
    shown.add_argument("--json", action="store_true", help="print JSON")
    add_config(shown)
    shown.set_defaults(run=show)
    described = commands.add_parser("schema", help="every key with type, default and meaning")
    described.set_defaults(run=schema)


def show(args: argparse.Namespace) -> int:
    """Print the effective configuration."""
    load_tensorflow()
    import yaml

    from speechsent.config import load, to_yaml

    text = to_yaml(load(args.config, overrides(args)))
    print(json.dumps(yaml.safe_load(text), indent=2) if args.json else text, end="\n" * args.json)
    return 0


def schema(_: argparse.Namespace) -> int:
    """Print the JSON schema of a configuration file."""
    load_tensorflow()
    from speechsent.config import ExperimentConfig
    from speechsent.schema import schema_of

    print(json.dumps(schema_of(ExperimentConfig()), indent=2, ensure_ascii=False))
    return 0
