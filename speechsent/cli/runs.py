"""``speechsent runs``: which there are, what one says, which is better, does it come again."""

import argparse
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, print_lines
from speechsent.cli.options import add_output
from speechsent.cli.startup import load_tensorflow

NAME = "runs"
HELP = "list runs, show one, compare two on the same clips, or reproduce one"
EXAMPLES = """\
examples:
  speechsent runs list
  speechsent runs show runs/ravdess/20260101-120000-joint-s0
  speechsent runs compare FIRST SECOND                two runs on the same test clips
  speechsent runs compare A-s0,A-s1,A-s2 B-s0,B-s1    means over seeds
  speechsent runs reproduce RUN --keep again/

exit status of reproduce: 0 the same bit for bit, 4 something differs"""
DIFFERS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the four sub-commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listed = commands.add_parser("list", help="finished runs by protocol, newest last")
    listed.add_argument("root", nargs="?", type=Path, default=Path("runs"), metavar="ROOT")
    shown = commands.add_parser("show", help="settings, split, stages, scores, looks at tests")
    shown.add_argument("folder", type=Path, metavar="RUN")
    compared = commands.add_parser("compare", help="paired tests on the same test clips")
    for side in ("first", "second"):
        compared.add_argument(
            side, type=_folders, metavar=side.upper(), help="a run, or its seeds: RUN,RUN,…"
        )
    repeated = commands.add_parser("reproduce", help="train again: is it the same, bit for bit?")
    repeated.add_argument("folder", type=Path, metavar="RUN")
    repeated.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="its folder or CSV, or all of them (default: where it was)",
    )
    repeated.add_argument("--keep", type=Path, metavar="FOLDER", help="the new run stays there")
    add_output(repeated)
    actions = ((listed, list_), (shown, show), (compared, compare), (repeated, reproduce))
    for sub, action in actions:
        sub.add_argument("--json", action="store_true", help="print JSON")
        sub.set_defaults(run=action)


def list_(args: argparse.Namespace) -> int:
    """Print a line a run, under the protocol it was scored by."""
    load_tensorflow()
    from speechsent.comparing.listing import list_runs
    from speechsent.comparing.tables import listing_table

    listing = list_runs(args.root)
    print_lines(as_json(listing) if args.json else listing_table(listing))
    return 0


def show(args: argparse.Namespace) -> int:
    """Print what one run's folder says."""
    load_tensorflow()
    from speechsent.comparing.summary import summarize
    from speechsent.comparing.tables import summary_table

    summary = summarize(args.folder)
    print_lines(as_json(summary) if args.json else summary_table(summary))
    return 0


def compare(args: argparse.Namespace) -> int:
    """Print two systems' scores and the difference."""
    load_tensorflow()
    from speechsent.comparing.pairing import compare_runs
    from speechsent.comparing.tables import comparison_table

    found = compare_runs(args.first, args.second)
    print_lines(as_json(found.as_dict()) if args.json else comparison_table(found))
    return 0


def reproduce(args: argparse.Namespace) -> int:
    """Train a run again and print whether the same came out."""
    load_tensorflow()
    from speechsent.comparing.reproduction import reproduce as train_again
    from speechsent.comparing.tables import reproduction_table

    with console(quiet=args.quiet or args.json) as listener:
        found = train_again(args.folder, args.corpus, keep=args.keep, listener=listener)
    print_lines(as_json(found.as_dict()) if args.json else reproduction_table(found))
    return 0 if found.match else DIFFERS


def _folders(text: str) -> list[Path]:
    """Folders between commas, unless the whole is one."""
    if Path(text).is_dir():
        return [Path(text)]
    return [Path(name) for name in text.split(",") if name]
