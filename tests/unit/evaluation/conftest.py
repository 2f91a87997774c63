import numpy as np
import pytest

from speechsent.evaluation.predictions import Predictions
from speechsent.evaluation.scores import score


@pytest.fixture
def make_predictions():
    """Make predictions from class indices; the answer has a probability of 0.6."""

    def make(truth, answers, *, speakers=None, genders=None, labels=("anger", "fear", "joy")):
        n = len(truth)
        rest = 0.4 / (len(labels) - 1)
        probabilities = np.full((n, len(labels)), rest)
        probabilities[np.arange(n), answers] = 0.6
        return Predictions(
            files=tuple(f"clips/{i}.wav" for i in range(n)),
            truth=np.array(truth),
            probabilities=probabilities,
            speakers=tuple(speakers or ("a",) * n),
            genders=tuple(genders or (None,) * n),
            labels=tuple(labels),
        )

    return make


@pytest.fixture
def six(make_predictions):
    """Six clips of two speakers: one anger taken for joy, one fear taken for anger."""
    return make_predictions(
        [0, 0, 0, 1, 1, 2],
        [0, 0, 2, 1, 0, 2],
        speakers="aaabbb",
        genders=["female"] * 3 + ["male"] * 3,
    )


@pytest.fixture
def make_scores():
    """Score predictions under a protocol."""

    def make(predictions, **options):
        given = {"protocol": "toy-holdout", "part": "test", "speaker_disjoint": True, "seed": 7}
        return score(predictions, **{**given, **options})

    return make
