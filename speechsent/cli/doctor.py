"""``speechsent doctor``: what would go wrong in a training, before an hour is spent."""

import argparse
import json
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.options import add_config, add_output, add_resources, overrides, resources
from speechsent.cli.startup import load_tensorflow

NAME = "doctor"
HELP = "examine what train would train: layers, loss, labels, and one batch"
EXAMPLES = """\
examples:
  speechsent doctor                               what 'speechsent train' would train here
  speechsent doctor corpus/ --config my.yaml      the same arguments as train
  speechsent doctor corpus/ --cnn inceptionv3 --unfreeze mixed8 --bn train
  speechsent doctor corpus/ --json

for a model of one's own: speechsent.examine(model, x, y)

exit status: 0 no error, 3 something will not train as meant; warnings and notes do not count"""
ILL = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("corpus", nargs="*", type=Path, help="as for train; several are pooled")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_resources(parser)
    add_output(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Examine, print the findings."""
    load_tensorflow()
    from speechsent import config
    from speechsent.preflight import preflight

    with console(quiet=args.quiet or args.json) as listener:
        diagnosis = preflight(
            config.load(args.config, overrides(args)),
            args.corpus or None,
            resources=resources(args),
            listener=listener,
        )
    print(json.dumps(diagnosis.as_dict(), indent=2) if args.json else diagnosis)
    return ILL if diagnosis.errors else 0
