"""A run whose folder cannot be written: evaluated elsewhere, and left as it is."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from measure import Figure

from fault.workplace import ROOT, Workplace


def figures(workplace: Workplace, n: int) -> list[Figure]:
    """One row for evaluation elsewhere, one for the refusal."""
    run = workplace.folder / "read-only"
    shutil.copytree(workplace.whole("joint").path, run)
    results = workplace.folder / "results"
    results.mkdir()
    results.chmod(0o777)
    for path in (run, *run.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = _digest(run)
    elsewhere = _evaluate(run, "--out", str(results))
    refused = _evaluate(run)
    unchanged = _digest(run) == before
    works = elsewhere.returncode == 0 and (results / "tests_seen.json").is_file() and unchanged
    told = f"speechsent: {run}: cannot be written; name a folder for the results (--out)\n"
    return [
        Figure(
            name="faults.read_only",
            what="a read-only run, evaluated with --out: works, nothing written there",
            value=int(works),
            at_least=1,
        ),
        Figure(
            name="faults.read_only_refused",
            what="  without --out: refused in a line",
            value=int(refused.stderr == told),
            at_least=1,
        ),
    ]


def _evaluate(run: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Evaluate as somebody to whom permissions apply, which the superuser can choose to be."""
    obeying = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    command = [*obeying] if os.geteuid() == 0 else []
    command += [sys.executable, "-m", "speechsent", "evaluate", "--run", str(run)]
    return subprocess.run(
        [*command, "--no-cache", "--quiet", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
        capture_output=True,
        text=True,
    )


def _digest(folder: Path) -> str:
    """SHA-256 over names and contents."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()
