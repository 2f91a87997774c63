"""``speechsent ablate``: many trainings, one table."""

import argparse
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, print_lines
from speechsent.cli.options import add_output, add_preset
from speechsent.cli.startup import load_tensorflow

NAME = "ablate"
HELP = "train systems on the same folds and seeds, and compare them"
EXAMPLES = """\
examples:
  speechsent ablate configs/studies/fusion.yaml corpus/
  speechsent ablate configs/studies/fusion.yaml corpus/ --folds 0 --seeds 0,1 --set fit.epochs=3
  speechsent ablate study.yaml corpus/ --workers 4
  speechsent ablate study.yaml corpus/ --cluster tcp://10.0.0.5:8786
  speechsent ablate study.yaml corpus/ --dry-run        what would be trained
  speechsent ablate study.yaml corpus/ --archive numbers/    scores and answers outlive the runs

Start it again after an interruption: runs that are finished are not trained again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("study", type=Path, help="YAML of systems or factors, folds and seeds")
    parser.add_argument(
        "corpus", nargs="*", type=Path, help="folder or CSV of a corpus, or several"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("studies"), help="where studies go (default studies/)"
    )
    parser.add_argument(
        "--archive",
        type=Path,
        metavar="FOLDER",
        help="keep the numbers of finished runs there as well, and do not train again what is "
        "there with the same configuration and split",
    )
    parser.add_argument("--folds", metavar="A,B,…", help="only these folds, counted from 0")
    parser.add_argument("--seeds", metavar="A,B,…", help="these seeds instead of the study's")
    add_preset(parser)
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="change the configuration all systems start from; may be repeated",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="trainings at once (default 1)"
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help="train on a Dask cluster instead")
    parser.add_argument(
        "--no-cache", action="store_true", help="neither use nor keep features between runs"
    )
    parser.add_argument("--dry-run", action="store_true", help="list the runs, train none")
    parser.add_argument("--json", action="store_true", help="print the tables as JSON")
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train what is missing and print the tables."""
    load_tensorflow()
    from speechsent import study as studies
    from speechsent.study.reading import load_study, with_numbers

    loaded = load_study(args.study, args.overrides, args.preset)
    study = with_numbers(loaded, args.folds, args.seeds)
    with console(quiet=args.quiet or args.json) as listener:
        if args.dry_run:
            for name, done in studies.plan(
                study, args.corpus or None, out=args.out, archive=args.archive, listener=listener
            ):
                print(f"{'done' if done else 'to do'}  {name}")
            return 0
        result = studies.ablate(
            study,
            args.corpus or None,
            out=args.out,
            n_workers=args.workers,
            cluster=args.cluster,
            cache=not args.no_cache,
            archive=args.archive,
            listener=listener,
        )
    if args.json:
        print(as_json(result))
        return 0 if not result.failures else 3
    print_lines(result.markdown())
    print(f"study {result.folder}: {result.n_trained} runs trained, {result.n_found} were there")
    return 0 if not result.failures else 3
