"""``speechsent predict --timeline`` and ``--live``: emotions over time."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, in_one_line, print_csv
from speechsent.cli.opening import exported_file, open_chosen
from speechsent.errors import ParameterError

if TYPE_CHECKING:
    from speechsent.timeline import Model, Segment, Timeline
    from speechsent.training.listener import Listener

# What asks for what else.
NEEDS = {
    "out": ("timeline",),
    "hop": ("timeline", "live"),
    "device": ("live",),
    "seconds": ("live",),
}
EXCLUDES = (("timeline", "live"), ("timeline", "reject_below"), ("live", "reject_below"),
            ("live", "json"), ("live", "csv"))  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_argument_group("over time")
    group.add_argument(
        "--timeline", action="store_true", help="find speech, and tell what follows what in it"
    )
    group.add_argument(
        "--out",
        action="append",
        type=Path,
        metavar="FILE",
        help="also write the timeline as .csv, .json, .txt (Audacity), .TextGrid (Praat) or .png; "
        "may be given several times",
    )
    group.add_argument(
        "--hop", type=float, metavar="SECONDS", help="from one window to the next (half a window)"
    )
    group.add_argument("--live", action="store_true", help="the microphone, until Ctrl-C")
    group.add_argument("--device", type=int, metavar="N", help="number of the microphone")
    group.add_argument("--seconds", type=float, metavar="S", help="how long --live listens")


def check_arguments(args: argparse.Namespace) -> None:
    """Refuse options that do not go together; exit with status 2 if files are missing.

    Raises:
        ParameterError: If they do not.
    """
    given = {name for name, value in vars(args).items() if value is not None and value is not False}
    for name, others in NEEDS.items():
        if name in given and not given & set(others):
            raise ParameterError(f"{_option(name)} needs {' or '.join(map(_option, others))}")
    for one, other in EXCLUDES:
        if {one, other} <= given:
            raise ParameterError(f"{_option(one)} and {_option(other)} do not go together")
    if not args.files and not args.live:
        args.parser.error("the following arguments are required: FILE")
    if args.live and args.files and args.runtime != "onnx":
        raise ParameterError(f"--live takes no files. Received: {' '.join(map(str, args.files))}")


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def run(args: argparse.Namespace) -> int:
    """Follow files, or the microphone."""
    with console(quiet=args.quiet or args.json or args.csv) as listener:
        if args.live:
            return _live(args, listener)
        found = _timelines(args, listener)
    _print(args, found)
    return 0


def _timelines(args: argparse.Namespace, listener: "Listener") -> "list[Timeline]":
    """The timeline of each file; those of ``--out`` are written."""
    from speechsent.recognised import audio_files
    from speechsent.timeline import follow, write
    from speechsent.timeline.writers import check_place

    for out in args.out or ():
        check_place(out)
    files = exported_file(args)[1] if args.runtime == "onnx" else args.files
    paths = audio_files(files)
    if args.out and len(paths) > 1:
        raise ParameterError(f"--out takes the timeline of one file. Received: {len(paths)} files")
    model = _model(args, paths, listener)
    listener.begin("timeline", len(paths), "files")
    found = []
    for done, path in enumerate(paths, start=1):
        found.append(follow(model, path, hop=args.hop))
        listener.step(done)
    listener.end()
    for out in args.out or ():
        write(found[0], out)
        listener.note(f"wrote {out}")
    return found


def _model(args: argparse.Namespace, paths: list[Path], listener: "Listener") -> "Model":
    """What is to hear the files."""
    if args.runtime == "onnx":
        from speechsent.exporting.runtime import OnnxRecogniser, note_standardising

        exported = OnnxRecogniser(exported_file(args)[0])
        note_standardising(exported, listener)
        return exported
    chosen = open_chosen(args, listener)
    from speechsent.experiment.prediction import ready
    from speechsent.timeline import TrainedModel

    return TrainedModel(ready(chosen, paths, listener))


def _print(args: argparse.Namespace, found: "list[Timeline]") -> None:
    """As tables, one CSV or one JSON."""
    from speechsent.timeline import forms

    if args.json:
        print(as_json([forms.facts(each) for each in found]))
    elif args.csv:
        print_csv([["file", *forms.header(found[0])]])
        print_csv([each.file, *row] for each in found for row in forms.rows(each))
    else:
        for each in found:
            print(in_one_line(each.file))
            for segment in each.segments:
                print(line(segment))


def line(segment: "Segment") -> str:
    """One line of the table: start and end in seconds, and what is told.

    Example:
        >>> from speechsent.timeline import Segment
        >>> line(Segment(1.5, 12.25, True, "fear", {"fear": 0.5, "joy": 0.3, "anger": 0.2}))
        '      1.50     12.25  fear          fear 0.50  joy 0.30  anger 0.20'
    """
    values = sorted(segment.values.items(), key=lambda item: -item[1])[:3]
    if segment.speech and not segment.emotion:
        told = "  ".join(f"{name} {value:.4g}" for name, value in segment.values.items())
    else:
        told = "  ".join(f"{name} {value:.2f}" for name, value in values)
    return f"{segment.start:10.2f}{segment.end:10.2f}  {segment.name:<12}  {told}".rstrip()


def _live(args: argparse.Namespace, listener: "Listener") -> int:
    """Print a line a hop."""
    from speechsent.timeline import LIVE, follow_blocks
    from speechsent.timeline.following import step
    from speechsent.timeline.microphone import microphone
    from speechsent.timeline.record import segments

    model = _model(args, [], listener)
    step(model, args.hop)  # a wrong hop is refused before anybody speaks
    sound = microphone(
        model.audio.sample_rate,
        device=args.device,
        seconds=args.seconds,
        lost=lambda: listener.note("warning: sound was lost: this machine is too busy"),
    )
    listener.note("listening; Ctrl-C ends")
    for moment in follow_blocks(model, sound, hop=args.hop, speech=LIVE, at_once=1):
        (told,) = segments([moment], model.labels, tells_numbers=model.tells_numbers)
        print(line(told), flush=True)
    return 0
