import pytest

from speechsent.training.listener import clock


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1:00 min"),
        (125.4, "2:05 min"),
        (3599, "59:59 min"),
        (3600, "1:00 h"),
        (90_000, "25:00 h"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds, text):
    assert clock(seconds) == text


def test_a_duration_never_reads_sixty():
    assert clock(59.97) == "1:00 min"
    assert clock(3599.7) == "1:00 h"
