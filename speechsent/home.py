"""Where speechsent keeps what it can make again: features, hashes, the built-in corpus."""

import os
from pathlib import Path


def home() -> Path:
    """``SPEECHSENT_HOME``, or ``~/.cache/speechsent``; it may not exist yet."""
    named = os.environ.get("SPEECHSENT_HOME")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "speechsent"
