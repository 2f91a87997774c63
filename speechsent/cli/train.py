"""``speechsent train``: from a corpus to a run folder."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechsent.cli.console import console
from speechsent.cli.options import add_config, add_output, add_resources, resources
from speechsent.cli.startup import load_tensorflow
from speechsent.cli.transfer import add_transfer, configuration, run_series
from speechsent.errors import ParameterError
from speechsent.training.listener import SCORES

if TYPE_CHECKING:
    from speechsent.run import Run

NAME = "train"
HELP = "train a recogniser and score it on unseen speakers"
EXAMPLES = """\
examples:
  speechsent train                                train/ here, or else the built-in voices
  speechsent train corpus/ --fusion joint         CNN and LSTM together
  speechsent train corpus/ --fusion frozen        each alone, then frozen, then the head
  speechsent train corpus/ --cnn inceptionv3 --weights weights.h5 --unfreeze mixed8
  speechsent train list.csv --set fit.epochs=20 --set log_mel.n_mels=80
  speechsent train corpus/ --also-leaky           how much a leaky protocol would have claimed
  speechsent train ravdess/ savee/                pooled, with one split
  speechsent train ravdess/ savee/ --protocol cross-corpus --fold 1
  speechsent train corpus/ --merge arousal        groups of emotions
  speechsent train list.csv --target arousal,valence   numbers in columns of a CSV
  speechsent train corpus/ --from runs/voices/RUN --classes angry,neutral
  speechsent train corpus/ --from runs/voices/RUN --one-vs neutral"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "corpus",
        nargs="*",
        type=Path,
        help="folder of a published corpus, folder of class folders, or CSV; several are pooled",
    )
    parser.add_argument(
        "--out", type=Path, help="where run folders go (default runs/, with --one-vs studies/)"
    )
    add_transfer(parser)
    parser.add_argument("--no-test", action="store_true", help="do not look at the test part")
    parser.add_argument(
        "--no-baseline", action="store_true", help="fit no linear model to compare the net with"
    )
    parser.add_argument(
        "--also-leaky",
        action="store_true",
        help="beside the honest score, what the same model would have claimed with clips split at "
        "random, and with the epoch chosen on the test clips: three more trainings",
    )
    parser.add_argument("--json", action="store_true", help="print the scores and run as JSON")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard files")
    add_resources(parser)
    add_output(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, then print the score and the run folder."""
    load_tensorflow()  # here and not above, so that --help stays fast
    from speechsent import experiment, study
    from speechsent.evaluation.regression import read_scores
    from speechsent.evaluation.table import table

    with console(quiet=args.quiet or args.json) as listener:
        if args.json:
            _check_json(args)
        if args.also_leaky:
            _check_also_leaky(args)
        if args.one_vs:
            return run_series(args, listener)
        config = configuration(args)
        if args.also_leaky:
            study.leaky.refuse_targets(config)
        trained = experiment.train(
            config,
            args.corpus or None,
            start=args.start,
            out=args.out or Path("runs"),
            test=not args.no_test,
            baseline=not args.no_baseline,
            tensorboard=args.tensorboard,
            resources=resources(args),
            listener=listener,
        )
        if args.also_leaky:
            claims = study.also_leaky(
                config,
                args.corpus or None,
                honest=trained,
                resources=resources(args),
                listener=listener,
            )
    if args.json:
        print(json.dumps(_as_dict(trained, scored=not args.no_test), indent=2, ensure_ascii=False))
        return 0
    if args.no_test:
        chosen = trained.facts[f"validation_{trained.score}"]
        print(f"validation {SCORES[trained.score]} {chosen:.3f} (chosen on it: optimistic)")
    else:
        print(table(read_scores(trained.read_json("scores.json"))))
    if args.also_leaky:
        print(f"\n{claims.markdown()}")
    print(f"\nrun {trained.path}")
    return 0


def _check_json(args: argparse.Namespace) -> None:
    """Several trainings make a table, which has its own files."""
    given = {"--also-leaky": args.also_leaky, "--one-vs": args.one_vs}
    beside = [option for option, value in given.items() if value]
    if beside:
        raise ParameterError(
            f"--json is about one training. Received: {', '.join(beside)} beside it"
        )


def _as_dict(trained: "Run", *, scored: bool) -> dict[str, Any]:
    """The run's folder and facts, and its scores on the test part if that was looked at."""
    scores = {"scores": trained.read_json("scores.json")} if scored else {}
    return {"run": str(trained.path), **trained.facts, **scores}


def _check_also_leaky(args: argparse.Namespace) -> None:
    """Refuse, before an hour of training, what has no honest score or no leaky counterpart."""
    given = {"--no-test": args.no_test, "--from": args.start, "--one-vs": args.one_vs}
    beside = [option for option, value in given.items() if value]
    if beside:
        raise ParameterError(
            "--also-leaky trains one recogniser anew and compares test scores. "
            f"Received: {', '.join(beside)} beside it"
        )
