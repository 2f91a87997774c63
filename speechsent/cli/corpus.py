"""``speechsent corpus``: get one, look at one, or write the built-in one."""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from speechsent.cli.console import console
from speechsent.cli.lines import as_json, in_one_line, print_lines
from speechsent.cli.options import add_output, add_set
from speechsent.cli.published import add_published
from speechsent.cli.startup import load_tensorflow

if TYPE_CHECKING:
    from speechsent.corpus.inspect import CorpusSummary, Spread
    from speechsent.corpus.utterance import Refusal

NAME = "corpus"
HELP = "list and fetch published corpora, look at one, list its clips, or write the built-in one"
EXAMPLES = """\
examples:
  speechsent corpus list                          what is published, and what is here already
  speechsent corpus fetch ravdess                 shows the licence, asks, downloads into ravdess/
  speechsent corpus fetch savee data/savee --archive AudioData.zip
  speechsent corpus inspect corpus/
  speechsent corpus tabulate mine/ mine/clips.csv --names '{speaker}/{emotion}/{}'
  speechsent corpus synthesize voices/ --seed 1"""
SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_published(commands)
    look = commands.add_parser(
        "inspect", help="classes, speakers, durations, rates, levels, and what was refused and why"
    )
    look.add_argument("path", type=Path, help="folder or CSV")
    look.add_argument("--json", action="store_true", help="print JSON")
    add_set(look)
    look.set_defaults(run=inspect)
    table = commands.add_parser(
        "tabulate", help="write a CSV of clips whose paths tell speaker and emotion"
    )
    table.add_argument("path", type=Path, help="folder")
    table.add_argument("out", type=Path, metavar="OUT", help="new CSV, in that folder or above it")
    table.add_argument(
        "--names",
        required=True,
        metavar="PATTERN",
        help="what a path below the folder tells: {speaker} {emotion} {gender} {sentence} "
        "{intensity} {split}, and {} for what tells nothing, such as '{speaker}/{emotion}/{}'",
    )
    table.add_argument(
        "--skip-others", action="store_true", help="leave out files that are named otherwise"
    )
    add_set(table)
    table.set_defaults(run=tabulate)
    write = commands.add_parser(
        "synthesize", help="write the built-in corpus as OUT/train, OUT/test"
    )
    write.add_argument("out", type=Path, metavar="OUT", help="new folder")
    write.add_argument("--speakers", type=int, help="number of voices")
    write.add_argument("--test-speakers", type=int, help="voices that go to OUT/test")
    write.add_argument("--seed", type=int, help="other seed, other voices")
    add_output(write)
    write.set_defaults(run=synthesize)


def inspect(args: argparse.Namespace) -> int:
    """Print what a corpus holds."""
    load_tensorflow()  # the configuration brings it
    from speechsent.config import load
    from speechsent.corpus.inspect import inspect as summarize
    from speechsent.corpus.open import read_corpus

    config = load(None, args.overrides)
    told = config.corpus
    corpus = read_corpus(
        args.path,
        labels=told.labels,
        classes=told.classes or None,
        targets=told.targets,
        skip_bad=True,
    )
    summary = summarize(corpus, config.audio)
    if args.json:
        print(as_json(summary.as_dict()))
    else:
        _print(summary)
    return 0


def tabulate(args: argparse.Namespace) -> int:
    """Write a corpus that is known by its paths as a CSV."""
    load_tensorflow()  # the configuration brings it
    from speechsent.config import load
    from speechsent.corpus.manifest import write_manifest
    from speechsent.corpus.paths import PathPattern, read_paths
    from speechsent.errors import SaveError

    labels = load(None, args.overrides).corpus.labels
    pattern = PathPattern(args.names)
    if args.out.exists():
        raise SaveError(f"{args.out} exists already; name a new file")
    corpus = read_paths(args.path, pattern, labels=labels, skip_bad=args.skip_others)
    write_manifest(corpus, args.out)
    print_lines(f"{args.out}: {len(corpus)} clips")
    _print_counts("emotions", corpus.emotions)
    _print_counts("speakers", Counter(u.speaker or "unknown" for u in corpus))
    _print_refused(corpus.refused)
    return 0


def synthesize(args: argparse.Namespace) -> int:
    """Write the built-in corpus."""
    from speechsent.corpus.synthetic import SyntheticCorpus
    from speechsent.corpus.synthetic import synthesize as write

    wanted = {
        "n_speakers": args.speakers,
        "n_test_speakers": args.test_speakers,
        "seed": args.seed,
    }
    config = SyntheticCorpus(**{key: value for key, value in wanted.items() if value is not None})
    n_clips = config.n_clips
    with console(quiet=args.quiet) as listener:
        listener.begin("clips", n_clips, "clips")
        folder = write(args.out, config, progress=lambda done, _: listener.step(done))
        listener.end()
    print(f"written to {folder}: train/ and test/, by class. A demonstration, never a result")
    return 0


def _print(summary: "CorpusSummary") -> None:
    print_lines(f"{summary.name}: {summary.n_utterances} clips, {summary.seconds / 60:.1f} minutes")
    _print_counts("emotions", summary.emotions)
    _print_counts("speakers", summary.speakers)
    _print_counts("genders", summary.genders)
    _print_counts("sentences", summary.sentences)
    print(f"duration   {_span(summary.duration, 's')}")
    print(f"level      {_span(summary.level, 'dBFS')}")
    _print_counts("rates (Hz)", {str(k): v for k, v in summary.sample_rates.items()})
    _print_counts("channels", {str(k): v for k, v in summary.channels.items()})
    renamed = {old: new for old, new in summary.spellings.items() if old != new}
    if renamed:
        print_lines("labels     " + ", ".join(f"{old} = {new}" for old, new in renamed.items()))
    for group in summary.identical:
        print_lines(f"identical  {', '.join(group)}")
    _print_refused(summary.refused)
    if summary.warned:
        print(f"odd        {len(summary.warned)}")
        _print_some(summary.warned)


def _print_refused(refused: Sequence["Refusal"]) -> None:
    print(f"refused    {len(refused) or 'none'}")
    _print_some(f"{refusal.path}: {refusal.reason}" for refusal in refused)


def _print_some(lines: Iterable[str]) -> None:
    told = list(lines)
    for line in told[:SHOWN]:
        print(f"  {in_one_line(line)}")
    if len(told) > SHOWN:
        print(f"  and {len(told) - SHOWN} more")


def _print_counts(title: str, counts: Mapping[str, int]) -> None:
    shown = list(counts.items())
    text = ", ".join(f"{name} {n}" for name, n in shown[:SHOWN])
    more = f", and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    print_lines(f"{title:<10} {len(shown)}: {text}{more}")


def _span(spread: "Spread", unit: str) -> str:
    return f"{spread.minimum:.1f} to {spread.maximum:.1f} {unit}, median {spread.median:.1f} {unit}"
