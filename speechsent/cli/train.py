"""``speechsent train``: from a corpus to a run folder."""

import argparse
from pathlib import Path

from speechsent.cli.console import console
from speechsent.cli.options import add_config, add_output, add_resources, overrides, resources
from speechsent.cli.startup import load_tensorflow

NAME = "train"
HELP = "train a recogniser and score it on unseen speakers"
EXAMPLES = """\
examples:
  speechsent train                                train/ here, or else the built-in voices
  speechsent train corpus/ --fusion joint         CNN and LSTM together
  speechsent train corpus/ --fusion frozen        each alone, then frozen, then the head
  speechsent train corpus/ --cnn inceptionv3 --weights weights.h5 --unfreeze mixed8
  speechsent train list.csv --set fit.epochs=20 --set log_mel.n_mels=80"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "corpus",
        nargs="?",
        type=Path,
        help="folder of a published corpus, folder of class folders, or CSV",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs"), help="where run folders go (default runs/)"
    )
    parser.add_argument("--no-test", action="store_true", help="do not look at the test part")
    parser.add_argument(
        "--no-baseline", action="store_true", help="fit no linear model to compare the net with"
    )
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard files")
    add_resources(parser)
    add_output(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, then print the score and the run folder."""
    load_tensorflow()  # here and not above, so that --help stays fast
    from speechsent import config, experiment
    from speechsent.evaluation.scores import Scores
    from speechsent.evaluation.table import table

    with console(quiet=args.quiet) as listener:
        trained = experiment.train(
            config.load(args.config, overrides(args)),
            args.corpus,
            out=args.out,
            test=not args.no_test,
            baseline=not args.no_baseline,
            tensorboard=args.tensorboard,
            resources=resources(args),
            listener=listener,
        )
    if args.no_test:
        print(f"validation UAR {trained.facts['validation_uar']:.3f} (chosen on it: optimistic)")
    else:
        print(table(Scores.from_dict(trained.read_json("scores.json"))))
    print(f"\nrun {trained.path}")
    return 0
