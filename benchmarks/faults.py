"""What is left after kills, signals, full disks and shared folders.

A group of faults is a module of ``fault`` with ``figures(workplace, n)``: rows of the table, each
fault struck ``n`` times where chance has a part in it.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from fault import full_disk, kills, read_only, shared_cache, signals
from fault.workplace import Workplace
from measure import report

GROUPS = (kills, signals, full_disk, shared_cache, read_only)


def main() -> int:
    """Strike, print, write; 1 if a goal is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--rounds", type=int, default=20, help="kills of each kind")
    names = [group.__name__.rpartition(".")[2] for group in GROUPS]
    parser.add_argument("--only", choices=names, help="one group alone")
    args = parser.parse_args()
    chosen = [g for g, name in zip(GROUPS, names, strict=True) if args.only in (None, name)]
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder))
        figures = [figure for group in chosen for figure in group.figures(workplace, args.rounds)]
    report(figures, args.json)
    return int(any(figure.met == "no" for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
