"""A timeline as a file, in the form its name ends with."""

from collections.abc import Callable, Mapping
from pathlib import Path

from speechsent.errors import ParameterError, SaveError
from speechsent.timeline import forms
from speechsent.timeline.picture import timeline_figure
from speechsent.timeline.record import Timeline
from speechsent.writing import check_folder, write_bytes

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
        # A name that is not UTF-8 becomes an escape, which JSON reads back.
        text = TEXTS[path.suffix.lower()](timeline)
        write_bytes(path, text.encode(errors="backslashreplace"))


def check_ending(path: Path) -> None:
    """Refuse a name that does not end in a known form.

    Raises:
        ParameterError: If it does not.
    """
    if path.suffix.lower() not in (*TEXTS, PICTURE):
        raise ParameterError(f"a timeline's file ends in {ENDINGS}. Received: {path}")


def check_place(path: Path) -> None:
    """Refuse, before a long recording is heard, a file that could not be written behind it.

    Raises:
        ParameterError: If its ending is no known form.
        SaveError: If it is a folder, or what it lies in cannot be written.
    """
    check_ending(path)
    if path.is_dir():
        raise SaveError(f"{path}: cannot be written, because it is a folder; name another")
    check_folder(path.parent)
