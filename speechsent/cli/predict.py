"""``speechsent predict``: names and probabilities, or numbers, for audio files."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from speechsent.cli import timeline
from speechsent.cli.console import console
from speechsent.cli.lines import as_json, in_one_line, print_csv
from speechsent.cli.opening import exported_file, open_chosen
from speechsent.cli.options import add_output
from speechsent.errors import ParameterError

if TYPE_CHECKING:
    from speechsent.recognised import Estimate, Prediction
    from speechsent.training.listener import Listener

NAME = "predict"
HELP = "name the emotion in audio files, or tell the numbers a run was trained on"
EXAMPLES = """\
examples:
  speechsent predict clip.wav
  speechsent predict *.flac --csv > emotions.csv
  speechsent predict clips/ --run runs/ravdess/20260101-120000-joint-s0 --json
  speechsent predict clips/ --reject-below 0.6     no answer where the network is unsure
  speechsent predict talk.wav --timeline --out talk.TextGrid --out talk.png     over time
  speechsent predict --live                        the microphone, until Ctrl-C
  speechsent predict --runtime onnx model.onnx clips/     a file from 'speechsent export', without
                                                          TensorFlow"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="file or folder")
    parser.add_argument(
        "--run", dest="run_folder", type=Path, metavar="RUN", help="default: the newest run"
    )
    parser.add_argument(
        "--runtime",
        choices=("tensorflow", "onnx"),
        default="tensorflow",
        help="what computes; with onnx the first FILE is the exported run (default: %(default)s)",
    )
    parser.add_argument(
        "--reject-below",
        type=float,
        metavar="P",
        help="answer 'rejected' where the highest probability is below P, between 0 and 1",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--csv", action="store_true", help="print CSV")
    timeline.add_arguments(parser)
    add_output(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Predict and print."""
    timeline.check_arguments(args)
    if args.timeline or args.live:
        return timeline.run(args)
    with console(quiet=args.quiet or args.json or args.csv) as listener:
        model = _exported(args) if args.runtime == "onnx" else _trained(args, listener)
        if model.tells_numbers:
            return _tell_numbers(args, model, listener)
        predictions = model.predict(args.reject_below, listener)
    _print_predictions(args, predictions)
    return 0


class _Model(NamedTuple):
    """A run, or an exported one, with the files it is to hear."""

    path: Path
    tells_numbers: bool
    predict: "Callable[[float | None, Listener], list[Prediction]]"
    estimate: "Callable[[Listener], list[Estimate]]"


def _trained(args: argparse.Namespace, listener: "Listener") -> _Model:
    """The run, by TensorFlow."""
    chosen = open_chosen(args, listener)
    from speechsent import experiment

    return _Model(
        path=chosen.path,
        tells_numbers=chosen.scale is not None,
        predict=lambda least, to: experiment.predict(
            args.files, chosen, reject_below=least, listener=to
        ),
        estimate=lambda to: experiment.estimate(args.files, chosen, listener=to),
    )


def _exported(args: argparse.Namespace) -> _Model:
    """The first file, by onnxruntime; TensorFlow is not imported."""
    from speechsent.exporting import runtime

    model_file, files = exported_file(args)
    model = runtime.OnnxRecogniser(model_file)
    return _Model(
        path=model_file,
        tells_numbers=model.tells_numbers,
        predict=lambda least, to: runtime.predict(files, model, reject_below=least, listener=to),
        estimate=lambda to: runtime.estimate(files, model, listener=to),
    )


def _print_predictions(args: argparse.Namespace, predictions: "list[Prediction]") -> None:
    """As a table, CSV or JSON, and how many were rejected."""
    if args.json:
        rows = [
            {
                "file": p.file,
                "emotion": p.emotion,
                "calibrated": p.calibrated,
                "probabilities": p.probabilities,
            }
            for p in predictions
        ]
        print(as_json(rows))
    elif args.csv:
        _print_csv(predictions)
    else:
        _print_table(predictions)
    if args.reject_below is not None:
        n_rejected = sum(p.rejected for p in predictions)
        about = sys.stderr if args.json or args.csv else sys.stdout
        print(
            f"rejected {n_rejected} of {len(predictions)} files: no emotion reaches a probability "
            f"of {args.reject_below:g}",
            file=about,
        )


def _tell_numbers(args: argparse.Namespace, model: _Model, listener: "Listener") -> int:
    """Print a row of numbers for each file."""
    if args.reject_below is not None:
        raise ParameterError(
            f"--reject-below is about probabilities, and {model.path} tells numbers. "
            f"Received: --reject-below {args.reject_below:g}"
        )
    found = model.estimate(listener)
    if args.json:
        print(as_json(found))
    elif args.csv:
        print_csv([["file", *found[0].values]])
        print_csv([e.file, *(f"{v:.6g}" for v in e.values.values())] for e in found)
    else:
        _print_numbers(found)
    return 0


def _print_numbers(found: "list[Estimate]") -> None:
    """One line a file."""
    files = _columns([e.file for e in found])
    for file, e in zip(files, found, strict=True):
        told = "  ".join(f"{name} {value:.4g}" for name, value in e.values.items())
        print(f"{file}  {told}")


def _columns(files: Sequence[str]) -> list[str]:
    """The ends of names in columns of one width, none wider than 60."""
    names = [in_one_line(file)[-60:] for file in files]
    width = max(map(len, names))
    return [f"{name:<{width}}" for name in names]


def _print_csv(predictions: "list[Prediction]") -> None:
    labels = list(predictions[0].probabilities)
    print_csv([["file", "emotion", *labels]])
    print_csv(
        [p.file, p.emotion, *(f"{p.probabilities[name]:.6f}" for name in labels)]
        for p in predictions
    )


def _print_table(predictions: "list[Prediction]") -> None:
    """One line a file: the emotion, then the three most probable ones."""
    files = _columns([p.file for p in predictions])
    for file, p in zip(files, predictions, strict=True):
        ranked = sorted(p.probabilities.items(), key=lambda item: -item[1])[:3]
        shown = "  ".join(f"{name} {share:.2f}" for name, share in ranked)
        print(f"{file}  {p.emotion:<12}  {shown}")
