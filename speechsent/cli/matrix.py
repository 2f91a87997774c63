"""``speechsent matrix``: every corpus against every other."""

import argparse
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, print_lines
from speechsent.cli.options import add_config, add_output, add_resources, configuration, resources
from speechsent.cli.startup import load_tensorflow

NAME = "matrix"
HELP = "train on each of several corpora, and test on all of them"
EXAMPLES = """\
examples:
  speechsent matrix ravdess/ savee/ crema-d/
  speechsent matrix ravdess/ savee/ --seeds 0,1,2 --fusion lstm
  speechsent matrix ravdess/ savee/ --classes anger,sadness,neutral,happiness

Start it again after an interruption: runs that are finished are not trained again."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "corpora", nargs="+", type=Path, metavar="CORPUS", help="folder or CSV; two or more"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("matrices"), help="where it goes (default matrices/)"
    )
    parser.add_argument(
        "--seeds",
        type=whole_numbers,
        metavar="A,B,…",
        help="seeds of the trainings (default --seed)",
    )
    parser.add_argument("--json", action="store_true", help="print the cells as JSON")
    add_resources(parser)
    add_output(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train what is missing and print the matrix."""
    load_tensorflow()
    from speechsent.study.matrix import cross_corpus_matrix
    from speechsent.study.matrix_tables import markdown

    chosen = configuration(args)
    with console(quiet=args.quiet or args.json) as listener:
        matrix = cross_corpus_matrix(
            chosen,
            args.corpora,
            seeds=args.seeds or (chosen.seed,),
            out=args.out,
            resources=resources(args),
            listener=listener,
        )
    if args.json:
        told = {"folder": str(matrix.folder), "names": matrix.names, "seeds": matrix.seeds}
        print(as_json(told | {"cells": list(matrix.cells.values())}))
        return 0
    print_lines(markdown(matrix))
    print(f"matrix {matrix.folder}: {matrix.n_trained} runs trained, {matrix.n_found} were there")
    return 0


def whole_numbers(text: str) -> tuple[int, ...]:
    """Read seeds such as ``0,1,2``.

    Raises:
        argparse.ArgumentTypeError: If one is none.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(
            f"seeds are whole numbers from 0, between commas. Received: {text!r}"
        )
    return tuple(map(int, parts))
