"""What the report tells of branches."""

from types import SimpleNamespace

import pytest

from speechsent.report.contributions import Contribution
from speechsent.report.training import training_sections


@pytest.mark.parametrize(
    ("lost", "told"), [(0.0, "+0.000"), (1e-9, "+0.000"), (0.25, "-0.250"), (-0.125, "+0.125")]
)
def test_a_branch_that_adds_nothing_takes_nothing_away(lost, told):
    material = SimpleNamespace(
        contributions=[Contribution("cnn", 0.75, lost)],
        scores=SimpleNamespace(uar=0.75 + lost),
        history={},
        doctor=None,
        audit=None,
    )
    assert f"<td>{told}</td>" in training_sections(material)[0]
