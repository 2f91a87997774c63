"""The model a command is to use: a run, or a file that was exported."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.startup import load_tensorflow
from speechsent.errors import ParameterError

if TYPE_CHECKING:
    from speechsent.run import Run
    from speechsent.training.listener import Listener


def open_chosen(args: argparse.Namespace, listener: "Listener") -> "Run":
    """The run of ``--run``, or the newest; what must be known of it is told first."""
    load_tensorflow()
    from speechsent import experiment

    chosen = experiment.open_run(args.run_folder)
    if chosen.leaky:
        print(f"note: {chosen.leaky}", file=sys.stderr)
    listener.note(f"run {chosen.path}")
    return chosen


def exported_file(args: argparse.Namespace) -> tuple[Path, list[Path]]:
    """The first file, which was exported, and those it is to hear; none if it hears live.

    Raises:
        ParameterError: If there are none, or a run is named as well.
    """
    model_file, *files = args.files or [None]
    if args.run_folder or model_file is None or bool(files) == args.live:
        takes = "and no clips with --live" if args.live else "then clips"
        raise ParameterError(
            f"--runtime onnx takes an exported file, {takes}, and no --run. "
            f"Received: {' '.join(map(str, args.files))}"
        )
    return model_file, files
