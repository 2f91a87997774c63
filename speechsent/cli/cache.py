"""``speechsent cache``: what is kept between runs, and making room."""

import argparse
import re
from typing import TYPE_CHECKING

from speechsent.cli.lines import as_json
from speechsent.errors import ParameterError, SaveError

if TYPE_CHECKING:
    from speechsent.features.cache import CacheInfo

NAME = "cache"
HELP = "show or prune the features kept between runs"
EXAMPLES = """\
examples:
  speechsent cache info
  speechsent cache prune --max-size 2G    delete what was longest unused, down to 2 GiB
  speechsent cache prune                  delete everything"""
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the two sub-commands."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    info_ = commands.add_parser("info", help="where it is and how large")
    info_.set_defaults(run=info)
    prune_ = commands.add_parser("prune", help="delete what was longest unused")
    prune_.add_argument("--max-size", default="0", metavar="SIZE", help="keep this much, as 500M")
    prune_.set_defaults(run=prune)
    for sub in (info_, prune_):
        sub.add_argument("--json", action="store_true", help="print JSON")


def info(args: argparse.Namespace) -> int:
    """Print where the cache is and how large."""
    from speechsent.features.cache import FeatureCache

    _print(FeatureCache().info(), plain=args.json)
    return 0


def prune(args: argparse.Namespace) -> int:
    """Delete what was longest unused."""
    from speechsent.features.cache import FeatureCache

    cache, size = FeatureCache(), n_bytes(args.max_size)
    try:
        left = cache.prune(size)
    except OSError as error:
        raise SaveError(f"{error.filename}: cannot be deleted ({error.strerror})") from error
    _print(left, plain=args.json)
    return 0


def n_bytes(text: str) -> int:
    """Read a size such as ``500M`` or ``2G``.

    Raises:
        ParameterError: If it is none.

    Example:
        >>> n_bytes("1.5K"), n_bytes("2GiB"), n_bytes("7")
        (1536, 2147483648, 7)
    """
    found = re.fullmatch(r"(\d+)(?:\.(\d+))?\s*([KMGT]?)(?:I?B)?", text.strip().upper())
    if found is None:
        raise ParameterError(f"a size is a number and K, M, G or T, as in 500M. Received: {text!r}")
    decimals = found[2] or ""
    return int(found[1] + decimals) * UNITS[found[3]] // 10 ** len(decimals)


def _print(found: "CacheInfo", *, plain: bool) -> None:
    if plain:
        print(as_json(found))
        return
    size = found.n_bytes / UNITS["M"]
    print(f"{found.folder}: {size:.1f} MiB in {found.n_packs} packs")
