"""Options of ``train`` that start from a finished run, or make a series of binary tasks."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.lines import print_lines
from speechsent.cli.options import configuration as chosen
from speechsent.cli.options import overrides
from speechsent.errors import ParameterError
from speechsent.training.listener import Listener

if TYPE_CHECKING:
    from speechsent.config import ExperimentConfig


def add_transfer(parser: argparse.ArgumentParser) -> None:
    """Add ``--from``, ``--one-vs``, ``--folds`` and ``--seeds``."""
    group = parser.add_argument_group("other label sets")
    group.add_argument(
        "--from",
        dest="start",
        type=Path,
        metavar="RUN",
        help="keep the configuration, statistics and branches of a finished run, and train a new "
        "head for --classes or --merge (--fusion frozen, or finetune and joint at a low rate)",
    )
    group.add_argument(
        "--one-vs",
        metavar="CLASS",
        help="train CLASS against each other class, and print one table; goes to studies/",
    )
    group.add_argument("--folds", metavar="A,B,…", help="with --one-vs: folds of the protocol")
    group.add_argument("--seeds", metavar="A,B,…", help="with --one-vs: seeds of the trainings")


def configuration(args: argparse.Namespace) -> "ExperimentConfig":
    """What is trained: the defaults, or what the run has that is started from, and the options."""
    stray = [f"--{option}" for option in ("folds", "seeds") if getattr(args, option)]
    if stray and not args.one_vs:
        raise ParameterError(
            f"{stray[0]} goes with --one-vs; otherwise there is --{stray[0][2:-1]}"
        )
    if args.one_vs and args.no_test:
        raise ParameterError(
            "--one-vs makes a table of test scores, so --no-test cannot go with it"
        )
    if args.start is None:
        return chosen(args)
    if args.preset:
        raise ParameterError(
            "--from brings the configuration of its run. "
            f"Received: --preset {args.preset} beside it"
        )
    from speechsent.config import load
    from speechsent.experiment.transfer import starting_config
    from speechsent.run import Run

    return load(args.config, overrides(args), base=starting_config(Run.open(args.start)))


def run_series(args: argparse.Namespace, listener: Listener) -> int:
    """Train all tasks and print their table."""
    from speechsent.study.reading import numbers
    from speechsent.study.series import one_vs

    result = one_vs(
        configuration(args),
        args.corpus or None,
        args.one_vs,
        start=args.start,
        folds=numbers(args.folds, "--folds"),
        seeds=numbers(args.seeds, "--seeds"),
        out=args.out or Path("studies"),
        cache=not args.no_cache,
        listener=listener,
    )
    print_lines(result.markdown())
    print(f"series {result.folder}: {result.n_trained} runs trained, {result.n_found} were there")
    return 0 if not result.failures else 3
