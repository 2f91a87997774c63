"""``speechsent train``: from a corpus to a run folder."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, print_lines
from speechsent.cli.options import (
    add_config,
    add_output,
    add_report,
    add_resources,
    overrides,
    resources,
)
from speechsent.cli.startup import load_tensorflow
from speechsent.cli.transfer import add_transfer, configuration, run_series
from speechsent.errors import ParameterError
from speechsent.training.listener import SCORES, Listener

if TYPE_CHECKING:
    from speechsent.resources import Resources
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
  speechsent train corpus/ --from runs/voices/RUN --one-vs neutral
  speechsent train --resume runs/voices/RUN       go on after an interruption

exit status: 0 also where --resume finds the run finished, 130 after Ctrl-C, 143 after SIGTERM"""


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
    parser.add_argument(
        "--resume",
        metavar="RUN",
        type=Path,
        help="go on with a training that was cut, bit for bit; it knows its corpus (name CORPUS "
        "only if that has moved) and its options",
    )
    parser.add_argument(
        "--checkpoint-every",
        type=float,
        metavar="SECONDS",
        help="keep the state so often within an epoch, and at each epoch's end (default: 60, or "
        "as seldom as keeps it below 2 %% of the time)",
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
    parser.add_argument(
        "--force",
        action="store_true",
        help="train although the doctor finds an error before the first step",
    )
    parser.add_argument("--json", action="store_true", help="print the scores and run as JSON")
    parser.add_argument(
        "--track",
        action="append",
        default=[],
        choices=["mlflow", "tensorboard"],
        help="tell the figures of every epoch to MLflow, or write TensorBoard files; may be given "
        "twice",
    )
    parser.add_argument("--tensorboard", action="store_true", help="short for --track tensorboard")
    parser.add_argument(
        "--devices",
        type=int,
        default=1,
        metavar="N",
        help="GPUs of this machine that share each training batch (default %(default)s)",
    )
    add_report(parser)
    add_resources(parser)
    add_output(parser)
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, then print the score and the run folder."""
    load_tensorflow()  # here and not above, so that --help stays fast
    from speechsent import experiment, study

    with console(quiet=args.quiet or args.json) as listener:
        if args.resume:
            return _resume(args, listener)
        _check_alone(args)
        if args.also_leaky:
            _check_also_leaky(args)
        if args.one_vs:
            return run_series(args, listener)
        config = configuration(args)
        allowed = _resources(args, n_devices=args.devices)
        if args.also_leaky:
            study.leaky.refuse_targets(config)
        trained = experiment.train(
            config,
            args.corpus or None,
            start=args.start,
            out=args.out or Path("runs"),
            test=not args.no_test,
            baseline=not args.no_baseline,
            report=not args.no_report,
            report_clips=args.report_clips,
            track=args.track,
            tensorboard=args.tensorboard,
            force=args.force,
            resources=allowed,
            listener=listener,
        )
        if args.also_leaky:
            claims = study.also_leaky(
                config,
                args.corpus or None,
                honest=trained,
                resources=allowed,
                listener=listener,
            )
    _tell(trained, args.json, claims.markdown() if args.also_leaky else "")
    return 0


def _check_alone(args: argparse.Namespace) -> None:
    """Refuse what is about one training, where several are asked for."""
    about = [name for name in ("--force", "--json") if getattr(args, name[2:])]
    if not args.also_leaky:
        about += ["--devices"] if args.devices != 1 else []
        about += ["--track"] if args.track else []
    if args.one_vs:
        about += _not_of_series(args)
    several = {"--also-leaky": args.also_leaky, "--one-vs": args.one_vs}
    beside = [option for option, value in several.items() if value]
    if about and beside:
        raise ParameterError(
            f"{about[0]} is about one training. Received: {', '.join(beside)} beside it"
        )


def _not_of_series(args: argparse.Namespace) -> list[str]:
    """Options that are given and say nothing to a series, whose trainings are all alike."""
    from speechsent.resources import REPORT_CLIPS, Resources

    given = {
        "--tensorboard": args.tensorboard,
        "--no-baseline": args.no_baseline,
        "--no-report": args.no_report,
        "--report-clips": args.report_clips != REPORT_CLIPS,
        "--workers": args.workers != Resources.n_workers,
        "--cluster": args.cluster is not None,
        "--checkpoint-every": args.checkpoint_every is not None,
    }
    return [option for option, value in given.items() if value]


def _resume(args: argparse.Namespace, listener: Listener) -> int:
    """Go on with a run, then print what training would have printed."""
    from speechsent import experiment

    _refuse_beside_resume(args)
    trained = experiment.resume(
        args.resume,
        args.corpus or None,
        force=args.force,
        resources=_resources(args),
        listener=listener,
    )
    _tell(trained, args.json)
    return 0


def _tell(trained: "Run", plain: bool, claims: str = "") -> None:
    """Print the score, and where the run is."""
    from speechsent.evaluation.table import table
    from speechsent.run_records import scores_of

    found = scores_of(trained)
    if plain:
        scores = {"scores": found.as_dict()} if found else {}
        told = {"run": str(trained.path), **trained.facts, **scores}
        print(as_json(told))
        return
    if found:
        print_lines(table(found))
    else:
        chosen = trained.facts[f"validation_{trained.score}"]
        print(f"validation {SCORES[trained.score]} {chosen:.3f} (chosen on it: optimistic)")
    if claims:
        print_lines(f"\n{claims}")
    print(f"\nrun {trained.path}")


def _resources(args: argparse.Namespace, n_devices: int = 1) -> "Resources":
    return resources(args, n_devices=n_devices, checkpoint_seconds=args.checkpoint_every)


def _refuse_beside_resume(args: argparse.Namespace) -> None:
    """A run that is gone on with brings its configuration and options along."""
    from speechsent.resources import REPORT_CLIPS

    given = {
        "--preset": args.preset,
        "--config": args.config,
        "--from": args.start,
        "--one-vs": args.one_vs,
        "--folds": args.folds,
        "--seeds": args.seeds,
        "--out": args.out,
        "--no-test": args.no_test,
        "--no-baseline": args.no_baseline,
        "--no-report": args.no_report,
        "--report-clips": args.report_clips != REPORT_CLIPS,
        "--also-leaky": args.also_leaky,
        "--track": args.track,
        "--tensorboard": args.tensorboard,
        "--devices": args.devices != 1,
    }
    beside = [option for option, value in given.items() if value]
    beside += [text.partition("=")[0] for text in overrides(args)]
    if beside:
        raise ParameterError(
            "--resume goes on with the configuration and options a run has. "
            f"Received: {', '.join(beside)} beside it"
        )


def _check_also_leaky(args: argparse.Namespace) -> None:
    """Refuse, before an hour of training, what has no honest score or no leaky counterpart."""
    given = {"--no-test": args.no_test, "--from": args.start, "--one-vs": args.one_vs}
    beside = [option for option, value in given.items() if value]
    if beside:
        raise ParameterError(
            "--also-leaky trains one recogniser anew and compares test scores. "
            f"Received: {', '.join(beside)} beside it"
        )
