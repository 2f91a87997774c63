"""Does each extra resolve alone, and what does it bring beyond the package itself?

python benchmarks/extras.py       asks the package index and installs nothing; a minute or two
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Print a table; the exit status tells whether every extra can be installed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extras", nargs="*", help="only these (default: all of setup.cfg)")
    wanted = parser.parse_args().extras or extras()
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
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return list(setup["options.extras_require"])


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
    command = [
        sys.executable, "-m", "pip", "--python", str(place), "install", "--dry-run", "--quiet",
        "--report", "-", "--disable-pip-version-check", f"{ROOT}{extra}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[-1]
    items = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    return [f"{item['name'].lower()} {item['version']}" for item in items], ""


if __name__ == "__main__":
    sys.exit(main())
