import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from speechsent.errors import RunError
from speechsent.ridge import RidgeBaseline


@pytest.fixture
def data(rng):
    """Numbers that are nearly linear in the values: training and validation clips."""
    weights = rng.normal(size=(5, 2))
    train, validation = rng.normal(size=(40, 5)), rng.normal(size=(20, 5))
    noise = 0.1 * rng.normal(size=(60, 2))
    return train, train @ weights + noise[:40], validation, validation @ weights + noise[40:]


def test_it_tells_what_scikit_learn_tells(data):
    found = RidgeBaseline.fit(*data)
    train, targets, validation, _ = data
    expected = make_pipeline(StandardScaler(), Ridge(alpha=found.strength)).fit(train, targets)
    np.testing.assert_allclose(found.told(validation), expected.predict(validation), rtol=1e-6)


def test_validation_chooses_the_strength(data):
    found = RidgeBaseline.fit(*data)
    assert found.strength == 1.0
    assert found.ccc(*data[2:]) > 0.95


def test_one_target_is_told_too(data):
    train, targets, validation, truth = data
    found = RidgeBaseline.fit(train, targets[:, :1], validation, truth[:, :1])
    assert found.told(validation).shape == (20, 1)


def test_weights_survive_the_file(data, tmp_path):
    found = RidgeBaseline.fit(*data)
    found.save(tmp_path / "b.npz")
    np.testing.assert_array_equal(
        RidgeBaseline.load(tmp_path / "b.npz").told(data[2]), found.told(data[2])
    )


def test_damaged_weights_are_refused(data, tmp_path):
    found = RidgeBaseline.fit(*data)
    found.weights[0, 0] = np.nan
    found.save(tmp_path / "nan.npz")
    (tmp_path / "no.npz").write_bytes(b"no weights")
    for name in ("nan.npz", "no.npz"):
        with pytest.raises(RunError, match=name):
            RidgeBaseline.load(tmp_path / name)
