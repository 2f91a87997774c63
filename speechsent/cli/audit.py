"""``speechsent audit``: what leaks between two sets, also sets made by others."""

import argparse
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, print_lines
from speechsent.cli.options import add_output, add_set
from speechsent.cli.startup import load_tensorflow

NAME = "audit"
HELP = "find what leaks from training to test: speakers, copies, second takes, shortcuts"
EXAMPLES = """\
examples:
  speechsent audit train/ test/                  two folders or CSVs
  speechsent audit corpus/                       a corpus with train/ and test/ in it
  speechsent audit corpus/ --set corpus.labels.raging=anger
                                                 one with folder names of your own
  speechsent audit runs/ravdess/20260101-120000-joint-s0
                                                 what a run trained on, against its test part
  speechsent audit fold1_train.jsonl fold1_test.jsonl --files corpora/
                                                 a published split; without the files, by names

exit status: 0 nothing leaks, 3 something does; warnings and notes do not count"""
LEAKING = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "train", type=Path, metavar="TRAIN", help="folder, CSV, run, or list (.jsonl .csv .txt)"
    )
    parser.add_argument(
        "test", type=Path, metavar="TEST", nargs="?", help="default: the test part of TRAIN"
    )
    parser.add_argument("--files", type=Path, metavar="FOLDER", help="where the files of lists lie")
    parser.add_argument(
        "--names-only", action="store_true", help="compare names and labels; open no file"
    )
    parser.add_argument(
        "--text-independent", action="store_true", help="a sentence on both sides is a leak"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_set(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Audit, print the table."""
    load_tensorflow()  # the configuration brings it
    from speechsent.auditing import audit
    from speechsent.auditing.report import table
    from speechsent.config import load

    with console(quiet=args.quiet or args.json) as listener:
        report = audit(
            args.train,
            args.test,
            folder=args.files,
            content=not args.names_only,
            text_independent=args.text_independent,
            labels=load(None, args.overrides).corpus.labels,
            listener=listener,
        )
    print_lines(as_json(report.as_dict()) if args.json else table(report))
    return 0 if report.clean else LEAKING
