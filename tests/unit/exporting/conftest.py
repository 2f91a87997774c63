import pytest

from speechsent.exporting.facts import ModelFacts


@pytest.fixture
def facts():
    """Of a small export, whole and sound."""
    return ModelFacts(
        labels=("Ärger", "joy"),
        answers="probabilities",
        sample_rate=16_000,
        min_seconds=0.1,
        max_seconds=600.0,
        temperature=None,
        standardize="corpus",
        corpus="ravdess",
        licence="ravdess: CC BY-NC-SA 4.0",
        protocol="ravdess-8-luna5",
        score="uar",
        value=0.5,
        part="test",
        note="",
        run="r",
        version="0.1.0",
        window_seconds=3.0,
    )
