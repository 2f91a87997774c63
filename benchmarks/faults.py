"""What is left after kills, signals, full disks, shared folders and damaged input.

A group of faults is a module of ``fault`` with ``figures(workplace, n)``: rows of the table, each
fault struck ``n`` times where chance has a part in it.
"""

import argparse
import os
import tempfile
from importlib import import_module
from pathlib import Path

from measure import report

from speechsent.cli.startup import load_tensorflow

GROUPS = ("kills", "signals", "full_disk", "shared_cache", "read_only", "damage")
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}


def main() -> int:
    """Strike, print, write; 1 if a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=20, help="kills of each kind")
    parser.add_argument("--only", choices=GROUPS, help="one group alone")
    args = parser.parse_args()
    os.environ |= ONE_THREAD  # victims inherit it
    load_tensorflow()
    from fault.workplace import Workplace

    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        figures = [
            figure
            for group in GROUPS
            if args.only in (None, group)
            for figure in import_module(f"fault.{group}").figures(workplace, args.rounds)
        ]
    report(figures, args.json)
    return int(any(figure.met == "no" for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
