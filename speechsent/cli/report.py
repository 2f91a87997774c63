"""``speechsent report``: make the report of a run again."""

import argparse
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.options import add_output, add_report_clips, add_resources, resources
from speechsent.cli.startup import load_tensorflow

NAME = "report"
HELP = "make report.html and model_card.md of a run again, from the scores it has"
EXAMPLES = """\
examples:
  speechsent report                         the newest run
  speechsent report RUN --report-clips 300  more clips in detail

It looks at no test part anew: scores and answers are those of the last evaluation."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "run_folder", nargs="?", type=Path, metavar="RUN", help="default: the newest run"
    )
    add_report_clips(parser)
    add_resources(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files and say where they are."""
    load_tensorflow()
    from speechsent import experiment

    with console(quiet=args.quiet) as listener:
        path = experiment.report(
            args.run_folder,
            n_clips=args.report_clips,
            resources=resources(args),
            listener=listener,
        )
    print(f"written to {path}")
    return 0
