"""Does each extra resolve alone, and what does it bring beyond the package itself?

python benchmarks/extras.py             asks the package index and installs nothing; a minute or two
python benchmarks/extras.py --install   installs each into an environment of its own, and imports
                                        what it is for; some two minutes for each
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from configparser import ConfigParser, SectionProxy
from pathlib import Path

ROOT = Path(__file__).parents[1]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
# Run inside the environment of an extra: import what each package it names consists of. A package
# may list a folder that is no module.
IMPORT = """
import importlib.metadata as metadata, importlib.util, json, re, sys

def plain(name):
    return re.sub("[-_.]+", "-", name.lower())

missing, modules = {plain(name) for name in sys.argv[1:]}, []
wanted = set(missing)
for module, owners in metadata.packages_distributions().items():
    here = wanted & {plain(owner) for owner in owners}
    if here and not module.startswith("_") and importlib.util.find_spec(module):
        importlib.import_module(module)
        modules.append(module)
        missing -= here
print(json.dumps(sorted(modules)))
sys.exit(f"nothing to import: {sorted(missing)}" if missing else 0)
"""


def main() -> int:
    """Print a table; the exit status tells whether every extra can be installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extras", nargs="*", help="only these (default: all of setup.cfg)")
    parser.add_argument("--install", action="store_true", help="install each, and import it")
    args = parser.parse_args()
    wanted = args.extras or extras()
    if args.install:
        print("| extra | modules that were imported |\n|---|---|")
        return max([tell_installed(name) for name in wanted], default=0)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "empty"
        venv.create(place)
        plain, trouble = resolved(place, "")
        if plain is None:
            print(f"the package alone: {trouble}")
            return 1
        print("| extra | packages it adds | the added ones |\n|---|---|---|")
        print(f"| none | {len(plain)} | |")
        return max([tell(place, name, plain) for name in wanted], default=0)


def extras() -> list[str]:
    """Names of all extras."""
    return list(_required())


def _required() -> SectionProxy:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return setup["options.extras_require"]


def tell_installed(name: str) -> int:
    """Print the row of an extra that was installed and used in an environment of its own."""
    names = [re.split(r"[\s<>=\[]", line)[0] for line in _required()[name].split("\n") if line]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "alone"
        venv.create(place)
        python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        steps: tuple[tuple[str | Path, ...], ...] = (
            (*PIP, "--python", place, "install", "--no-compile", f"{ROOT}[{name}]"),
            (*PIP, "--python", place, "check"),
            (python, "-m", "speechsent", "--version"),
            (python, "-c", IMPORT, *names),
        )
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False, cwd=folder)
            if done.returncode:
                print(
                    f"| {name} | fails: {(done.stderr or done.stdout).strip().splitlines()[-1]} |"
                )
                return 1
    print(f"| {name} | {', '.join(json.loads(done.stdout))} |", flush=True)
    return 0


def tell(place: Path, name: str, plain: Sequence[str]) -> int:
    """Print the row of an extra."""
    found, trouble = resolved(place, f"[{name}]")
    if found is None:
        print(f"| {name} | cannot be installed | {trouble} |")
        return 1
    added = sorted(set(found) - set(plain))
    print(f"| {name} | {len(added)} | {', '.join(added)} |", flush=True)
    return 0


def resolved(place: Path, extra: str) -> tuple[list[str] | None, str]:
    """What pip would install into an empty environment, or None and what it complains of."""
    options = ("install", "--dry-run", "--report", "-")
    command = (*PIP, "--python", place, *options, f"{ROOT}{extra}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[-1]
    items = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    return [f"{item['name'].lower()} {item['version']}" for item in items], ""


if __name__ == "__main__":
    sys.exit(main())
