"""A timeline as text: CSV, JSON, Audacity's labels, Praat's TextGrid."""

import io
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from speechsent.csv_rows import row_writer
from speechsent.timeline.record import Segment, Timeline


def as_csv(timeline: Timeline) -> str:
    """A row a hop: start, end, whether there is speech, the emotion, then a column a label.

    Where numbers are told there is no column of emotions; without speech the cells are empty.
    """
    text = io.StringIO()
    writer = row_writer(text)
    writer.writerow(header(timeline))
    writer.writerows(rows(timeline))
    return text.getvalue()


def header(timeline: Timeline) -> list[str]:
    """Names of the columns of :func:`rows`."""
    return ["start", "end", "speech", *_emotion(timeline, "emotion"), *timeline.labels]


def rows(timeline: Timeline) -> Iterator[list[str]]:
    """A row a hop, as text."""
    digits = ".9g" if timeline.tells_numbers else ".6f"  # numbers have any unit
    for start, speech, values in zip(
        timeline.times.tolist(), timeline.speech.tolist(), timeline.values, strict=True
    ):
        end = min(start + timeline.hop, timeline.duration)
        name = timeline.labels[int(values.argmax())] if speech else ""
        yield [
            _seconds(start),
            _seconds(end),
            str(speech).lower(),
            *_emotion(timeline, name),
            *(f"{value:{digits}}" if speech else "" for value in values.tolist()),
        ]


def _seconds(time: float) -> str:
    """To the microsecond, however long the recording.

    Example:
        >>> _seconds(1.5), _seconds(30_000.25), _seconds(20.0)
        ('1.5', '30000.25', '20')
    """
    return f"{time:.6f}".rstrip("0").rstrip(".")


def _emotion(timeline: Timeline, cell: str) -> list[str]:
    return [] if timeline.tells_numbers else [cell]


def as_json(timeline: Timeline) -> str:
    """One object."""
    return json.dumps(facts(timeline), indent=2, ensure_ascii=False) + "\n"


def facts(timeline: Timeline) -> dict[str, Any]:
    """All that is told, as plain values; without speech a row is null."""
    return {
        "file": timeline.file,
        "duration": timeline.duration,
        "hop": timeline.hop,
        "labels": list(timeline.labels),
        "answers": "numbers" if timeline.tells_numbers else "probabilities",
        "calibrated": False,
        "segments": [_segment(segment) for segment in timeline.segments],
        "times": timeline.times.tolist(),
        "values": [None if np.isnan(row).any() else row.tolist() for row in timeline.values],
    }


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "start": segment.start,
        "end": segment.end,
        "speech": segment.speech,
        "emotion": segment.emotion,
        "values": dict(segment.values),
    }


def as_audacity(timeline: Timeline) -> str:
    """Audacity's label track: start, end and text of each segment, separated by tabs.

    References:
        https://manual.audacityteam.org/man/importing_and_exporting_labels.html
    """
    return "".join(f"{s.start:.6f}\t{s.end:.6f}\t{told(s)}\n" for s in timeline.segments)


def told(segment: Segment) -> str:
    """A segment in words.

    Example:
        >>> told(Segment(0.0, 1.5, True, "anger", {"anger": 0.75, "fear": 0.25}))
        'anger 0.75'
    """
    if segment.emotion:
        return f"{segment.emotion} {segment.probability:.2f}"
    return " ".join(f"{name} {value:.4g}" for name, value in segment.values.items()) or segment.name


def as_textgrid(timeline: Timeline) -> str:
    """Praat's TextGrid, with a tier of emotions and one of their probabilities.

    Where numbers are told, with a tier of speech and one for each number.

    References:
        https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
    """
    tiers = list(_tiers(timeline))
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {timeline.duration}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, (name, texts) in enumerate(tiers, start=1):
        lines += [f"    item [{number}]:", *_tier(name, texts, timeline)]
    return "\n".join(lines) + "\n"


def _tiers(timeline: Timeline) -> Iterator[tuple[str, list[str]]]:
    """Name of each tier, with its text for each segment."""
    found = timeline.segments
    yield ("speech" if timeline.tells_numbers else "emotion"), [s.name for s in found]
    if timeline.tells_numbers:
        for label in timeline.labels:
            yield label, [f"{s.values[label]:.4g}" if s.speech else "" for s in found]
    else:
        yield "probability", [f"{s.probability:.2f}" if s.speech else "" for s in found]


def _tier(name: str, texts: list[str], timeline: Timeline) -> Iterator[str]:
    yield '        class = "IntervalTier"'
    yield f"        name = {_quoted(name)}"
    yield "        xmin = 0"
    yield f"        xmax = {timeline.duration}"
    yield f"        intervals: size = {len(texts)}"
    for number, (segment, text) in enumerate(zip(timeline.segments, texts, strict=True), start=1):
        yield f"        intervals [{number}]:"
        yield f"            xmin = {segment.start}"
        yield f"            xmax = {segment.end}"
        yield f"            text = {_quoted(text)}"


def _quoted(text: str) -> str:
    """In quotation marks, which Praat doubles inside.

    Example:
        >>> _quoted('the "joy" class')
        '"the ""joy"" class"'
    """
    return '"' + text.replace('"', '""') + '"'
