"""``speechsent export``: a run as one file that needs no TensorFlow."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.lines import as_json
from speechsent.cli.startup import load_tensorflow

if TYPE_CHECKING:
    from speechsent.exporting.export import Exported

NAME = "export"
HELP = "write a run as one file, ONNX, LiteRT or SavedModel: samples in, answers out"
EXAMPLES = """\
examples:
  speechsent export runs/ravdess/20260101-120000-joint-s0 --format onnx
  speechsent export runs/ravdess/20260101-120000-joint-s0 --format litert --out emotion.tflite
  speechsent predict --runtime onnx model.onnx clip.wav        its use, without TensorFlow"""
MEGABYTE = 1e6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a finished run")
    parser.add_argument(
        "--format",
        choices=("onnx", "litert", "savedmodel"),
        default="onnx",
        help="default: %(default)s; onnx and litert need an extra of that name",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="default: 'model' and an ending, in the run"
    )
    parser.add_argument(
        "--clips",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="files or folders to compare the answers on; default: some clips of the run",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Export and print what was written."""
    load_tensorflow()
    from speechsent.exporting.export import export

    done = export(args.run_folder, args.format, args.out, clips=args.clips)
    if args.json:
        print(as_json(done))
    else:
        _print(done)
    return 0


def _print(done: "Exported") -> None:
    facts = done.facts
    print(f"{done.path}: {done.n_bytes / MEGABYTE:.1f} MB, {facts.sample_rate} Hz samples in,")
    print(f"  {facts.answers} out: {', '.join(facts.labels)}")
    print(f"  worst difference to the run on {done.n_clips} clips: {done.worst_difference:.1g}")
    print(f"  {facts.score.upper()} {facts.value:.3f}, {facts.part}, protocol {facts.protocol}")
    print(f"  trained on {facts.licence}")
    if facts.note:
        print(f"  note: {facts.note}")
