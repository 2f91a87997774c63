"""What a run was computed with."""

import hashlib
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = ("speechsent", "keras", "tensorflow", "numpy", "scipy", "soundfile", "soxr")


def environment() -> dict[str, Any]:
    """Versions, machine and command, for whoever wants to repeat a run."""
    return {
        "command": command(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "libraries": {name: installed_version(name) for name in LIBRARIES},
        "source": _source(),
    }


def command() -> list[str]:
    r"""The words of the command; bytes that are no UTF-8, as paths may have, as ``\xff``."""
    return [os.fsencode(word).decode(errors="backslashreplace") for word in sys.argv]


def _source() -> str:
    """SHA-256 over the names and contents of the package's own source files."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for name in sorted(path.relative_to(package).as_posix() for path in package.rglob("*.py")):
        content = (package / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def installed_version(name: str) -> str | None:
    """Version of an installed package; None if it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
