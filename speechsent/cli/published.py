"""``speechsent corpus list`` and ``fetch``: published corpora and their licences."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechsent.cli.console import console
from speechsent.cli.lines import as_json
from speechsent.cli.options import add_output
from speechsent.errors import ParameterError

if TYPE_CHECKING:
    from speechsent.corpus.fetch import Fetched, Source
    from speechsent.training.listener import Listener

MB = 1e6
UNITS = {"download": "MB", "unpack": "files", "clips": "clips"}


def add_published(commands: Any) -> None:
    """Declare the two sub-commands."""
    listed = commands.add_parser("list", help="published corpora: terms, size, protocol, at hand?")
    listed.add_argument(
        "root",
        nargs="?",
        type=Path,
        default=Path(),
        metavar="ROOT",
        help="where folders named after corpora are looked for (default: here)",
    )
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(run=list_)
    got = commands.add_parser("fetch", help="download a published corpus into a new folder")
    got.add_argument("name", metavar="NAME", help="one of 'speechsent corpus list'")
    got.add_argument(
        "folder", nargs="?", type=Path, metavar="FOLDER", help="new folder (default: NAME)"
    )
    got.add_argument(
        "--accept-licence", action="store_true", help="accept the licence that is shown"
    )
    place = got.add_mutually_exclusive_group()
    place.add_argument(
        "--source",
        metavar="URL",
        help="another address of the same archive; SPEECHSENT_MIRROR is a folder of archives",
    )
    place.add_argument(
        "--archive", type=Path, metavar="FILE", help="the archive, where it is here already"
    )
    got.add_argument("--json", action="store_true", help="print JSON")
    add_output(got)
    got.set_defaults(run=fetch)


def list_(args: argparse.Namespace) -> int:
    """Print what is published, and what of it is here."""
    from dataclasses import asdict

    from speechsent.corpus.fetch import at_hand, sources

    here = {name: at_hand(name, args.root) for name in sources()}
    if args.json:
        rows = [
            asdict(found) | {"at_hand": str(here[name]) if here[name] else None}
            for name, found in sources().items()
        ]
        print(as_json(rows))
        return 0
    for name, found in sources().items():
        _print(found, here[name])
    return 0


def fetch(args: argparse.Namespace) -> int:
    """Show the licence, have it accepted, fetch, and say how to go on."""
    from speechsent.corpus import fetch as library

    chosen = library.from_where(library.source(args.name), args.source)
    if not (args.accept_licence and (args.quiet or args.json)):
        _print_terms(chosen)
    if not (args.accept_licence or _accepted()):
        raise ParameterError(
            f"the licence of {chosen.name} is not accepted ({chosen.licence}, "
            f"{chosen.licence_url}); --accept-licence accepts it"
        )
    with console(quiet=args.quiet or args.json) as listener:
        stages = Stages(listener)
        fetched = library.fetch(
            args.name,
            args.folder,
            accept_licence=True,
            url=args.source,
            archive=args.archive,
            told=stages,
        )
        stages.end()
    if args.json:
        print(as_json(fetched))
    else:
        _print_fetched(fetched)
    return 0


class Stages:
    """Turns (stage, done, total) into the stages of a listener.

    Args:
        listener: Shows them.
    """

    def __init__(self, listener: "Listener") -> None:
        self.listener = listener
        self.stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move a stage; a new one ends the one before."""
        scale = MB if stage == "download" else 1
        if stage != self.stage:
            self.end()
            self.stage = stage
            self.listener.begin(stage, round(total / scale), UNITS[stage])
        self.listener.step(round(done / scale))

    def end(self) -> None:
        """End the stage that is shown, if one is."""
        if self.stage:
            self.listener.end()


def _accepted() -> bool:
    """Whether somebody at the terminal says yes."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print("Accept the licence? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print_terms(chosen: "Source") -> None:
    """What a user must know before the download, on standard error beside the question."""
    size = f"{chosen.bytes / MB:.0f} MB" if chosen.bytes else "size not published"
    check = chosen.checksum or "no checksum is published"
    if chosen.pointed:
        check = "each clip has a published SHA-256"
    rows = {
        chosen.name: f"{chosen.title}: {chosen.n_clips} clips, {chosen.hours:g} h",
        "licence": f"{chosen.licence} ({chosen.licence_url})",
        "citation": chosen.citation,
        "from": f"{chosen.url or chosen.page} ({size}; {check})",
        "disk": f"about {chosen.needs / MB:.0f} MB are needed",
    }
    for title, text in rows.items():
        print(f"{title:<9} {text}", file=sys.stderr)


def _print_fetched(fetched: "Fetched") -> None:
    print(f"{fetched.folder}: {fetched.n_clips} clips")
    if fetched.n_clips != fetched.n_published:
        print(f"note: {fetched.n_published} clips are published")
    print(f"sha256 {fetched.sha256}")
    if not fetched.verified:
        print("note: no checksum is published, so the archive could not be checked")
    print(f"next: speechsent train {fetched.folder} --protocol {fetched.protocol}")


def _print(found: "Source", here: Path | None) -> None:
    facts = (
        f"{found.name:<8} {found.n_clips:>5} clips",
        f"{found.n_speakers:>2} speakers",
        f"{len(found.classes)} classes",
        f"{found.hours:>3g} h",
        f"{found.language:<7}",
        f"{found.protocol:<15}",
        _state(found, here),
    )
    print("  ".join(facts))
    print(f"{'':<8} {found.licence}")


def _state(found: "Source", here: Path | None) -> str:
    if here is not None:
        return f"at hand: {here}"
    return "fetch" if found.url else "by hand, then --archive"
