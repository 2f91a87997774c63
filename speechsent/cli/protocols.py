"""``speechsent protocols``: which protocols have a name, and what one of them says."""

import argparse
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechsent.cli.lines import as_json

if TYPE_CHECKING:
    from speechsent.corpus.named import Protocol

NAME = "protocols"
HELP = "list the named protocols, or show one with its folds"
EXAMPLES = """\
examples:
  speechsent protocols list
  speechsent protocols show ravdess-8-luna5
  speechsent protocols show ravdess-8-luna5 --corpus ravdess/   the clips of each fold
  speechsent protocols show cross-corpus --corpus savee/ ravdess/
  speechsent protocols show mine.yaml --json"""
WIDTH = 100
INDENT = 13


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two sub-commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listed = commands.add_parser("list", help="all names, and what they are")
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=list_)
    shown = commands.add_parser("show", help="classes, folds and trap of one protocol")
    shown.add_argument("protocol", metavar="NAME", help="a name, or the path of a .yaml file")
    shown.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="count the clips of each fold; several corpora are pooled",
    )
    shown.add_argument("--seed", type=int, default=0, help="draws validation, as split.seed does")
    shown.add_argument("--json", action="store_true", help="print JSON")
    shown.set_defaults(run=show)


def list_(args: argparse.Namespace) -> int:
    """Print every name with its summary."""
    from speechsent.corpus.named import load_protocol, protocol_names

    protocols = {name: load_protocol(name) for name in protocol_names()}
    if args.json:
        told = [protocol.as_dict() for protocol in protocols.values()]
        print(as_json(told))
        return 0
    for name, protocol in protocols.items():
        print(f"{name} ({_independence(protocol)})")
        print(textwrap.fill(protocol.summary, WIDTH, initial_indent="  ", subsequent_indent="  "))
    return 0


def show(args: argparse.Namespace) -> int:
    """Print one protocol, and its folds if there is a corpus to split."""
    from speechsent.corpus.named import load_protocol

    protocol = load_protocol(args.protocol)
    folds = _folds(protocol, args.corpus, args.seed) if args.corpus else None
    if args.json:
        told = protocol.as_dict() | ({} if folds is None else {"folds": folds})
        print(as_json(told))
        return 0
    _print(protocol)
    for index, fold in enumerate(folds or ()):
        _print_fold(index, fold)
    return 0


def _independence(protocol: "Protocol") -> str:
    return "speaker-disjoint" if protocol.speaker_disjoint else "SPEAKER-DEPENDENT"


def _folds(protocol: "Protocol", paths: list[Path], seed: int) -> list[dict[str, Any]]:
    """Each fold with the speakers and clips of its parts."""
    from speechsent.corpus.pool import read_corpora

    corpus = protocol.restrict(read_corpora(paths))
    splits = [protocol.split(corpus, n, seed) for n in range(len(protocol.folds(corpus)))]
    return [
        {
            "fold": split.fold,
            "split": split.hash,
            "note": split.note,
            "parts": {
                part: {
                    "clips": len(indices),
                    "speakers": sorted({corpus[i].speaker or "unknown" for i in indices}),
                }
                for part, indices in split.parts.items()
            },
        }
        for split in splits
    ]


def _print(protocol: "Protocol") -> None:
    rows = {
        "protocol": f"{protocol.name} ({_independence(protocol)})",
        "": protocol.summary,
        "corpus": protocol.corpus or "any",
        "classes": ", ".join(protocol.classes) or _classes(protocol),
        "test": str(protocol.test),
        "validation": str(protocol.validation),
        "model sees": f"of a test speaker: {protocol.seen_of_test_speakers}",
        "trap": protocol.trap,
        "definition": protocol.hash,
    }
    for title, text in rows.items():
        if text:
            _print_row(title, text)


def _classes(protocol: "Protocol") -> str:
    return "those which all corpora have" if protocol.shared_classes_only else "all"


def _print_fold(index: int, fold: Mapping[str, Any]) -> None:
    _print_row(f"--fold {index}", f"{fold['fold']}, split {fold['split']}")
    if fold["note"]:
        _print_row("  note", fold["note"])
    for part, held in fold["parts"].items():
        speakers = ", ".join(name.rpartition("/")[2] for name in held["speakers"])
        n_speakers = len(held["speakers"])
        _print_row(f"  {part}", f"{held['clips']} clips of {n_speakers} speakers: {speakers}")


def _print_row(title: str, text: str) -> None:
    lines = textwrap.wrap(text, WIDTH - INDENT)
    print(f"{title:<{INDENT}}" + f"\n{' ' * INDENT}".join(lines))
