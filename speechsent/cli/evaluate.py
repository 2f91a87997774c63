"""``speechsent evaluate``: score a run on its test part, or on a folder or CSV."""

import argparse
import sys
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, print_lines
from speechsent.cli.options import (
    add_output,
    add_report,
    add_resources,
    add_skip_bad,
    resources,
)
from speechsent.cli.startup import load_tensorflow

NAME = "evaluate"
HELP = "score a run on its own test part, or on a folder or CSV of other clips"
EXAMPLES = """\
examples:
  speechsent evaluate                    the newest run on its own test part
  speechsent evaluate test/              the newest run on class-named folders
  speechsent evaluate other.csv --run runs/ravdess/20260101-120000-joint-s0 --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("corpus", nargs="?", type=Path, help="folder or CSV of clips to score")
    parser.add_argument(
        "--run", dest="run_folder", type=Path, metavar="RUN", help="default: the newest run"
    )
    parser.add_argument("--out", type=Path, help="where results go (default: inside the run)")
    add_skip_bad(parser)
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    add_report(parser)
    add_resources(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Name the run, score it, print the table."""
    load_tensorflow()
    from speechsent import experiment
    from speechsent.evaluation.table import table

    chosen = experiment.open_run(args.run_folder)
    about = sys.stderr if args.json else sys.stdout
    print(f"run {chosen.path}", file=about)
    print(f"trained under {chosen.facts['protocol']}: {', '.join(chosen.labels)}", file=about)
    if chosen.leaky:
        print(f"note: {chosen.leaky}", file=about)
    about.flush()
    with console(quiet=args.quiet or args.json) as listener:
        evaluation = experiment.evaluate(
            chosen,
            args.corpus,
            out=args.out,
            report=not args.no_report,
            report_clips=args.report_clips,
            skip_bad_audio=args.skip_bad_audio,
            resources=resources(args),
            listener=listener,
        )
    if args.json:
        print(as_json(evaluation.scores.as_dict()))
    else:
        print_lines(f"\n{table(evaluation.scores)}\n")
        print(f"look number {evaluation.times_seen} at these clips with this model")
        print(f"written to {evaluation.folder}")
    return 0
