import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from speechsent.errors import CorpusError, ParameterError
from speechsent.targets import TargetScale

VALUES = np.array([[1.0, 300.0], [3.0, 100.0], [8.0, 140.0]])


def test_targets_are_standardised_as_scikit_learn_does():
    scale = TargetScale.of(("arousal", "f0"), VALUES)
    expected = StandardScaler().fit(VALUES)
    np.testing.assert_allclose(scale.standard(VALUES), expected.transform(VALUES))
    np.testing.assert_allclose(scale.mean, [4, 180])
    assert scale.names == ("arousal", "f0")


def test_standardising_is_undone(rng):
    scale = TargetScale(names=("a", "b"), mean=(5.0, -2.0), sd=(2.0, 0.5))
    assert scale.undone([[0, 0], [1, -2]]).tolist() == [[5, -2], [7, -3]]
    values = rng.normal(size=(20, 2))
    np.testing.assert_allclose(scale.undone(scale.standard(values)), values, rtol=1e-12)


def test_a_scale_survives_json():
    scale = TargetScale.of(("a", "b"), VALUES)
    assert TargetScale.from_dict(scale.as_dict()) == scale


def test_a_target_that_never_varies_is_refused():
    with pytest.raises(CorpusError, match=r"never vary in the training part: b\. There is nothing"):
        TargetScale.of(("a", "b"), [[1, 2], [2, 2]])


@pytest.mark.parametrize("sd", [(0.0,), (float("nan"),), (1.0, 1.0)])
def test_a_damaged_scale_is_refused(sd):
    with pytest.raises(ParameterError, match="a deviation above 0 for each target"):
        TargetScale(names=("a",), mean=(0.0,), sd=sd)
