import json

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import root_mean_squared_error

from speechsent.concordance import concordance
from speechsent.errors import ParameterError
from speechsent.evaluation.numeric import NumericPredictions
from speechsent.evaluation.numeric_resampling import resample_numbers
from speechsent.evaluation.regression import RegressionScores, read_scores, score_numbers
from speechsent.evaluation.table import table

ABOUT = {"protocol": "toy-a+b-holdout", "part": "test", "speaker_disjoint": True, "seed": 3}
SPEAKERS = ("s1", "s2", "s3", "s4") * 10


@pytest.fixture
def predictions(rng):
    """Forty clips of four speakers; the second target is far from zero."""
    truth = rng.normal(size=(40, 2)) * [1, 50] + [0, 1000]
    return NumericPredictions(
        files=tuple(f"{i}.wav" for i in range(40)),
        speakers=SPEAKERS,
        names=("a", "b"),
        truth=truth,
        predicted=0.6 * truth + [0, 400] + rng.normal(size=(40, 2)) * [0.5, 20],
    )


@pytest.fixture
def scores(predictions):
    return score_numbers(predictions, None, constant=(0.0, 1000.0), n_train=90, **ABOUT)


def test_scores_are_those_of_scipy_and_scikit_learn(predictions, scores):
    """CCC is Pearson's r times the bias correction (Lin, 1989)."""
    for i, name in enumerate(("a", "b")):
        x, y = predictions.truth[:, i], predictions.predicted[:, i]
        ratio = x.std() / y.std()
        shift = (x.mean() - y.mean()) ** 2 / (x.std() * y.std())
        expected = stats.pearsonr(x, y).statistic * 2 / (ratio + 1 / ratio + shift)
        assert scores.targets[name].ccc == pytest.approx(expected)
        assert scores.targets[name].rmse == pytest.approx(root_mean_squared_error(x, y))
    assert scores.ccc == pytest.approx(np.mean([row.ccc for row in scores.targets.values()]))


def test_always_telling_the_training_mean_is_scored_beside(predictions, scores):
    x = predictions.truth[:, 1]
    expected = np.sqrt(np.mean((x - 1000) ** 2))
    assert scores.targets["b"].constant_rmse == pytest.approx(expected)


def test_a_linear_model_is_scored_on_the_same_clips(predictions):
    perfect = NumericPredictions(**{**vars(predictions), "predicted": predictions.truth})
    scores = score_numbers(predictions, perfect, constant=(0.0, 0.0), **ABOUT)
    assert [row.linear_ccc for row in scores.targets.values()] == [1, 1]
    assert [row.linear_rmse for row in scores.targets.values()] == [0, 0]
    assert "linear CCC" in table(scores)


def test_each_resample_is_scored_as_its_clips_would_be(predictions):
    """With one draw the score is that of some multiset of speakers, drawn by the same numbers."""
    found = resample_numbers(
        predictions.truth, predictions.predicted, SPEAKERS, n_resamples=5, seed=8
    )
    times = np.random.default_rng(8).multinomial(4, np.full(4, 1 / 4), size=5)
    for row in range(5):
        clips = [i for i in range(40) for _ in range(times[row, int(SPEAKERS[i][1]) - 1])]
        for target in (0, 1):
            x, y = predictions.truth[clips, target], predictions.predicted[clips, target]
            assert found.ccc[row, target] == pytest.approx(concordance(x, y))
            assert found.rmse[row, target] == pytest.approx(root_mean_squared_error(x, y))


@pytest.mark.parametrize(
    ("speakers", "unit"),
    [(SPEAKERS, "speakers"), (("s",) * 40, "clips"), ((None, *SPEAKERS[1:]), "clips")],
)
def test_speakers_are_drawn_where_they_are_known(predictions, speakers, unit):
    one = NumericPredictions(**{**vars(predictions), "speakers": speakers})
    scores = score_numbers(one, None, constant=(0.0, 0.0), **ABOUT)
    assert scores.ccc_interval.method == f"bootstrap over {unit}"
    assert scores.ccc_interval.low < scores.ccc < scores.ccc_interval.high


def test_few_speakers_are_told(scores):
    assert scores.note == "speakers: 4, so few that the interval of CCC is too narrow"


def test_scores_survive_json_and_are_told_from_those_of_emotions(scores):
    raw = json.loads(json.dumps(scores.as_dict()))
    assert raw["kind"] == "regression"
    assert read_scores(raw) == scores


def test_other_keys_are_refused(scores):
    with pytest.raises(ParameterError, match="exactly these keys: protocol"):
        RegressionScores.from_dict({**scores.as_dict(), "uar": 1.0})


def test_the_table_tells_protocol_and_every_target(scores):
    lines = table(scores).splitlines()
    assert lines[0] == "protocol toy-a+b-holdout, test: speakers unseen in training"
    assert lines[1] == "40 clips, trained on 90, seed 3"
    assert [line.split()[0] for line in lines[-3:]] == ["target", "a", "b"]
    assert f"{scores.targets['b'].ccc:.3f} [" in lines[-1]
    assert max(map(len, lines)) <= 100


def test_no_resample_is_refused(predictions):
    with pytest.raises(ParameterError, match="n_resamples must be 1 or more"):
        score_numbers(predictions, None, constant=(0.0, 0.0), n_resamples=0, **ABOUT)
