"""``speechsent doctor``: what would go wrong in a training, or what went wrong in an old one."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.console import console
from speechsent.cli.lines import as_json
from speechsent.cli.options import add_config, add_output, add_resources, configuration, resources
from speechsent.cli.startup import load_tensorflow
from speechsent.errors import ParameterError

if TYPE_CHECKING:
    from speechsent.doctor import Diagnosis

NAME = "doctor"
HELP = "examine what train would train, or what is left of an old training"
EXAMPLES = """\
examples:
  speechsent doctor                               what 'speechsent train' would train here
  speechsent doctor corpus/ --config my.yaml      the same arguments as train
  speechsent doctor corpus/ --cnn inceptionv3 --unfreeze mixed8 --bn train
  speechsent doctor corpus/ --overfit             and can it learn twelve clips by heart?
  speechsent doctor --log history.csv             an old log: a CSV, or what Keras printed
  speechsent doctor --run runs/NAME/RUN           a finished run, by its folder
  speechsent doctor --model model.h5              a model file of Keras 2
  speechsent doctor --model model.json weights.h5
  speechsent doctor corpus/ --json                print JSON; --json FILE writes it

for a model of one's own: speechsent.examine(model, x, y)

exit status: 0 no error, 3 something will not train as meant; warnings and notes do not count"""
ILL = 3
PRINTED = Path("-")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("corpus", nargs="*", type=Path, help="as for train; several are pooled")
    left = parser.add_mutually_exclusive_group()
    left.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="examine a training log: a CSV, or a text with what Keras printed",
    )
    left.add_argument("--run", dest="folder", type=Path, metavar="RUN", help="examine a run folder")
    left.add_argument(
        "--model",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="examine a model of Keras 2: an HDF5 file, or a JSON and an HDF5 of its weights",
    )
    left.add_argument(
        "--overfit",
        action="store_true",
        help="also train a copy on twelve clips until it knows them by heart, if it can",
    )
    parser.add_argument(
        "--json",
        type=Path,
        nargs="?",
        const=PRINTED,
        metavar="FILE",
        help="print JSON, or write it into a file",
    )
    add_resources(parser)
    add_output(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Examine, print the findings."""
    from speechsent.writing import check_folder, make_folder, saving

    if args.json and args.json.is_dir():
        raise ParameterError(f"--json {args.json}: a folder; name a file, or put --json last")
    if args.json:
        check_folder(args.json.parent)
    if args.corpus and (args.log or args.folder or args.model):
        raise ParameterError(
            "a corpus is examined with its configuration; --log, --run and --model "
            f"stand alone. Received: {args.corpus[0]}"
        )
    diagnosis = _examine(args)
    text = as_json(diagnosis.as_dict())
    print(text if args.json == PRINTED else diagnosis)
    if args.json and args.json != PRINTED:
        make_folder(args.json.parent)
        with saving(args.json):
            args.json.write_text(text + "\n", encoding="utf-8")
    return ILL if diagnosis.errors else 0


def _examine(args: argparse.Namespace) -> "Diagnosis":
    """Whatever was asked for; logs and runs are read without TensorFlow."""
    if args.log:
        from speechsent.doctor import read_log

        n_classes = len(args.classes.split(",")) if args.classes else None
        return read_log(args.log, classes=n_classes)
    if args.folder:
        from speechsent.doctor import read_run

        return read_run(args.folder)
    load_tensorflow()
    if args.model:
        from speechsent.legacy import examine_files

        return examine_files(*args.model)
    return _examine_training(args)


def _examine_training(args: argparse.Namespace) -> "Diagnosis":
    """What ``train`` would train with these arguments."""
    from speechsent.preflight import preflight

    with console(quiet=args.quiet or args.json == PRINTED) as listener:
        return preflight(
            configuration(args),
            args.corpus or None,
            resources=resources(args),
            listener=listener,
            overfit=args.overfit,
        )
