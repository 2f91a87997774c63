"""What is written can be read back, by readers that are not ours."""

import csv
import io
import json
import re

import numpy as np
import pytest

from speechsent.timeline.forms import as_audacity, as_csv, as_json, as_textgrid
from speechsent.timeline.record import Timeline
from speechsent.timeline.smoothing import Moment


def made(labels=("anger", "neutral"), tells_numbers=False):
    """Half a second of silence, one and a half of speech, a quarter of silence."""
    moments = [
        Moment(0.0, 0.5, None),
        Moment(0.5, 1.0, np.array([0.75, 0.25])),
        Moment(1.0, 2.0, np.array([0.25, 0.75])),
        Moment(2.0, 2.25, None),
    ]
    return Timeline.of(
        moments, file="höre.wav", labels=labels, tells_numbers=tells_numbers, hop=1.0
    )


def read_textgrid(text):
    """Tiers of a TextGrid in the long form, as the manual of Praat describes it."""
    head, *items = re.split(r"item \[\d+\]:", text)
    assert head.startswith('File type = "ooTextFile"\nObject class = "TextGrid"\n\n')
    assert int(re.search(r"size = (\d+)", head)[1]) == len(items)
    tiers = {}
    for item in items:
        assert 'class = "IntervalTier"' in item
        name = re.search(r'name = "((?:[^"]|"")*)"', item)[1].replace('""', '"')
        found = re.findall(
            r'intervals \[\d+\]:\s+xmin = (\S+)\s+xmax = (\S+)\s+text = "((?:[^"]|"")*)"', item
        )
        assert int(re.search(r"intervals: size = (\d+)", item)[1]) == len(found)
        tiers[name] = [(float(a), float(b), text.replace('""', '"')) for a, b, text in found]
        assert tiers[name][0][0] == 0
        assert tiers[name][-1][1] == float(re.search(r"xmax = (\S+)", item)[1])
        for before, after in zip(tiers[name][:-1], tiers[name][1:], strict=True):
            assert before[1] == after[0], "Praat allows no gaps"
    return tiers


def test_a_textgrid_has_a_tier_of_emotions_and_one_of_probabilities():
    assert read_textgrid(as_textgrid(made())) == {
        "emotion": [
            (0.0, 0.5, "no speech"), (0.5, 1.0, "anger"), (1.0, 2.0, "neutral"),
            (2.0, 2.25, "no speech"),
        ],
        "probability": [(0.0, 0.5, ""), (0.5, 1.0, "0.75"), (1.0, 2.0, "0.75"), (2.0, 2.25, "")],
    }  # fmt: skip


def test_a_textgrid_of_numbers_has_a_tier_for_each():
    found = read_textgrid(as_textgrid(made(('so-called "joy"', "valence"), tells_numbers=True)))
    assert found["speech"] == [
        (0.0, 0.5, "no speech"),
        (0.5, 2.0, "speech"),
        (2.0, 2.25, "no speech"),
    ]
    assert found['so-called "joy"'][1] == (0.5, 2.0, f"{(0.5 * 0.75 + 1.0 * 0.25) / 1.5:.4g}")


def test_a_csv_has_a_row_a_hop():
    assert list(csv.DictReader(io.StringIO(as_csv(made())))) == [
        {"start": "0", "end": "1", "speech": "true", "emotion": "anger",
         "anger": "0.750000", "neutral": "0.250000"},
        {"start": "1", "end": "2", "speech": "true", "emotion": "neutral",
         "anger": "0.250000", "neutral": "0.750000"},
        {"start": "2", "end": "2.25", "speech": "false", "emotion": "", "anger": "", "neutral": ""},
    ]  # fmt: skip


def test_a_csv_tells_the_time_exactly_after_hours_too():
    """Twelve hours and some steps of a sixteenth of a second, which binary fractions hold."""
    hop, first = 0.0625, 43_200
    times = first + np.arange(3) * hop
    long = Timeline(
        file="day.wav", labels=("anger",), tells_numbers=False, hop=hop, duration=times[-1] + hop,
        times=times, values=np.ones((3, 1)), speech=np.ones(3, bool), segments=(),
    )  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(as_csv(long))))
    assert [(row["start"], row["end"]) for row in rows] == [
        ("43200", "43200.0625"), ("43200.0625", "43200.125"), ("43200.125", "43200.1875"),
    ]  # fmt: skip


def test_a_csv_of_numbers_has_no_emotions():
    first = as_csv(made(tells_numbers=True)).splitlines()[0]
    assert first == "start,end,speech,anger,neutral"


def test_a_csv_tells_small_and_large_numbers_to_nine_digits():
    """Their units can be any, such as seconds of jitter, or Hz."""
    numbers = [1.23456789e-5, 12345678.9]
    moments = [Moment(0.0, 1.0, np.array(numbers))]
    timeline = Timeline.of(moments, file="a", labels=("a", "b"), tells_numbers=True, hop=1.0)
    (row,) = csv.DictReader(io.StringIO(as_csv(timeline)))
    assert [float(row[name]) for name in "ab"] == numbers


def test_json_holds_segments_and_rows_and_is_strict():
    def refuse(constant):
        raise ValueError(constant)

    found = json.loads(as_json(made()), parse_constant=refuse)
    assert found["file"] == "höre.wav"
    assert found["values"] == [[0.75, 0.25], [0.25, 0.75], None]
    assert found["segments"][1] == {
        "start": 0.5, "end": 1.0, "speech": True, "emotion": "anger",
        "values": {"anger": 0.75, "neutral": 0.25},
    }  # fmt: skip


def test_audacity_gets_start_end_and_text_between_tabs():
    assert as_audacity(made()) == (
        "0.000000\t0.500000\tno speech\n"
        "0.500000\t1.000000\tanger 0.75\n"
        "1.000000\t2.000000\tneutral 0.75\n"
        "2.000000\t2.250000\tno speech\n"
    )


def test_audacity_gets_numbers_by_name():
    second = as_audacity(made(tells_numbers=True)).splitlines()[1]
    assert second == "0.500000\t2.000000\tanger 0.4167 neutral 0.5833"


@pytest.mark.parametrize("form", [as_csv, as_json, as_textgrid, as_audacity])
def test_nothing_told_can_be_written(form):
    empty = Timeline.of([], file="a", labels=("anger",), tells_numbers=False, hop=1.0)
    assert isinstance(form(empty), str)
