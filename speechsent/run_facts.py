"""What a run tells of itself in JSON, with the types it was written with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speechsent.errors import RunError
from speechsent.typed import shown

MAX_LABELS = 1000
TEXTS = (
    "corpus",
    "root",
    "mode",
    "protocol",
    "protocol_hash",
    "fold",
    "split_hash",
    "note",
    "leaky",
    "finished",
)


class Facts(dict[str, Any]):
    """Facts by name; one that is asked for and missing is told with the file it should be in."""

    path = Path("run.json")

    def __missing__(self, name: str) -> Any:
        """Tell what is missing.

        Raises:
            RunError: Always.
        """
        raise RunError(f"{self.path}: lacks {name!r}; restore it, or train again")


def as_facts(path: Path, told: object) -> Facts:
    """Facts as they were read, if they are of the types they had when they were written.

    Older runs, and folders from strangers, have no seal that would tell.

    Args:
        path: The file.
        told: What was in it.

    Raises:
        RunError: If it holds something else.
    """
    if not isinstance(told, dict) or not isinstance(told.get("finished"), str):
        raise RunError(f"{path}: not the facts of a run")
    odd = next((name for name, value in told.items() if not _fits(name, value)), None)
    if odd is not None:
        raise RunError(f"{path}: {odd} is not what it should be. Received: {shown(told[odd])}")
    facts = Facts(told)
    facts.path = path
    return facts


def _fits(name: str, value: object) -> bool:
    if name in TEXTS:
        return isinstance(value, str)
    if name == "n_clips":
        return isinstance(value, Mapping) and all(type(n) is int for n in value.values())
    if name == "refused":
        return isinstance(value, Mapping)
    if name == "speaker_disjoint":
        return value is None or isinstance(value, bool)
    if name in ("validation_uar", "validation_ccc"):
        return type(value) in (int, float)
    return True


def as_labels(path: Path, told: object) -> tuple[str, ...]:
    """Names of emotions or targets as they were read, if they are different ones.

    Args:
        path: The file.
        told: What was in it.

    Raises:
        RunError: If it holds something else.
    """
    if not isinstance(told, list) or not all(isinstance(name, str) for name in told):
        raise RunError(f"{path}: not a list of emotion names")
    if not 0 < len(set(told)) == len(told) <= MAX_LABELS or not all(map(_is_name, told)):
        raise RunError(f"{path}: lists 1 to {MAX_LABELS} different names. Received: {shown(told)}")
    return tuple(told)


def _is_name(text: str) -> bool:
    """Whether a text can be shown as a name: not empty, in one line, not endless."""
    return 0 < len(text.strip()) <= 100 and text.isprintable()


def as_looks(path: Path, told: object) -> list[dict[str, Any]]:
    """Looks at test sets as they were read, if each tells what was looked at.

    Args:
        path: The file.
        told: What was in it.

    Raises:
        RunError: If it holds something else.
    """
    if not isinstance(told, list) or not all(map(_is_look, told)):
        raise RunError(
            f"{path}: not a list of looks at test sets; restore it, or delete it, and looks are "
            "counted anew"
        )
    return told


def _is_look(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("what"), str)
