"""A timeline as a file, in the form its name ends with."""

from collections.abc import Callable, Mapping
from pathlib import Path

from speechsent.errors import ParameterError
from speechsent.timeline import forms
from speechsent.timeline.picture import timeline_figure
from speechsent.timeline.record import Timeline
from speechsent.writing import write_bytes

TEXTS: Mapping[str, Callable[[Timeline], str]] = {
    ".csv": forms.as_csv,
    ".json": forms.as_json,
    ".txt": forms.as_audacity,
    ".textgrid": forms.as_textgrid,
}
PICTURE = ".png"
ENDINGS = ".csv, .json, .txt (Audacity), .TextGrid (Praat) or .png"


def write(timeline: Timeline, path: Path | str) -> None:
    """Write a timeline as CSV, JSON, Audacity labels, Praat TextGrid or picture.

    Args:
        timeline: What to write.
        path: The file; its ending decides. It appears whole or not at all.

    Raises:
        ParameterError: If the ending is none of these.
        SaveError: If the file cannot be written.
    """
    path = Path(path)
    check_ending(path)
    if path.suffix.lower() == PICTURE:
        timeline_figure(timeline, path)
    else:
        write_bytes(path, TEXTS[path.suffix.lower()](timeline).encode())


def check_ending(path: Path) -> None:
    """Refuse a name that does not end in a known form.

    Raises:
        ParameterError: If it does not.
    """
    if path.suffix.lower() not in (*TEXTS, PICTURE):
        raise ParameterError(f"a timeline's file ends in {ENDINGS}. Received: {path}")
