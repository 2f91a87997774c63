"""What asking for help costs: ``speechsent --help`` against Python with argparse."""

import resource
import subprocess
import sys

from measure import Figure, arguments, interleaved, report

HELP = [sys.executable, "-m", "speechsent", "--help"]
ARGPARSE = [sys.executable, "-c", "import argparse"]
HEAVY = ("tensorflow", "keras", "librosa", "sklearn", "matplotlib", "scipy", "numpy")
LOADED = f"""
import contextlib, io, sys
from speechsent.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
print(sum(name in sys.modules for name in {HEAVY}))
"""


def main() -> None:
    """Measure, print, write."""
    args = arguments(__doc__)
    cpu = interleaved(
        {"help": lambda: child_seconds(HELP), "argparse": lambda: child_seconds(ARGPARSE)},
        args.rounds,
    )
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    figures = [
        Figure(
            name="cli.help_ratio",
            what="speechsent --help, over python -c 'import argparse'",
            value=cpu["help"] / cpu["argparse"],
            at_most=3,
        ),
        Figure(what=f"of {', '.join(HEAVY)}: loaded", value=int(loaded.stdout), at_most=0),
    ]
    report(figures, args.json)


def child_seconds(command: list[str]) -> float:
    """CPU seconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
