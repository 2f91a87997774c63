import pytest

from speechsent.doctor.inflight.units import dead_units


@pytest.mark.parametrize(
    ("start", "now", "severity"),
    [
        (0.13, 0.75, "warning"),
        (0.36, 1.0, "error"),
        (0.36, 0.4, None),
        (0.7, 0.72, None),  # a sparse pretrained layer, as it always was
    ],
)
def test_layers_that_die_are_told(start, now, severity):
    found = list(dead_units({"conv": now, "fine": 0.0}, {"conv": start, "fine": 0.0}, 64))
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert all(finding.at == "'conv'" for finding in found)
