"""A file that has arrived in part, and what is known about the whole."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from speechsent.corpus.fetch.remote import Validator


class Part:
    """``FILE.part`` beside ``FILE``, with a note on what it is a part of.

    Args:
        path: Where the whole file goes.
        url: Where it comes from; a part of another address is not gone on with.
    """

    def __init__(self, path: Path, url: str) -> None:
        self.path = path.with_name(f"{path.name}.part")
        self.note = path.with_name(f"{path.name}.part.json")
        self.url = url

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def validator(self) -> Validator:
        """What the server said when it began; empty if that is not known."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(self.note.read_text(encoding="utf-8"))
            if kept["url"] == self.url:
                return Validator(str(kept["tag"]), kept["total"])
        return Validator()

    def describe(self, validator: Validator) -> None:
        """Note what the server says about the file that begins to arrive."""
        text = json.dumps({"url": self.url, **asdict(validator)})
        self.note.write_text(text, encoding="utf-8")

    def discard(self) -> None:
        """Forget what has arrived."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def finish(self, path: Path) -> None:
        """Give the whole file its name."""
        self.path.replace(path)
        self.note.unlink(missing_ok=True)
