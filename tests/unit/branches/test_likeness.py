import keras
import numpy as np
import pytest

from speechsent.branches.functionals import (
    ANSWER,
    JOINED,
    LIKENESS,
    FunctionalsConfig,
    describing,
)
from speechsent.branches.likeness import MAX_CENTRES, Likeness
from speechsent.config import from_dict
from speechsent.errors import ConfigError, ParameterError


@pytest.fixture
def likeness():
    """Two directions among three values, with 0 at (1, 1), and points at 0, (1, 0) and (0, 2)."""
    layer = Likeness(2)
    layer.build((None, 3))
    directions = np.array([[1.0, 0], [0, 0], [0, 1]])
    layer.set_points(directions, np.array([-1.0, -1]), np.array([[0, 0], [1, 0], [0, 2]]))
    return layer


@pytest.mark.parametrize(
    ("values", "squares"),
    [([1, 7, 1], [0, 1, 4]), ([2, -7, 1], [1, 0, 5]), ([1, 0, 4], [9, 10, 1])],
)
def test_likeness_falls_with_the_square_of_the_distance(likeness, values, squares):
    found = keras.ops.convert_to_numpy(likeness(np.array([values], "float32")))
    np.testing.assert_allclose(found[0, :3], np.exp(-np.array(squares, float)), rtol=1e-6)


def test_points_that_were_not_set_lie_at_0(likeness):
    found = keras.ops.convert_to_numpy(likeness(np.array([[1, 0, 1], [9, 9, 9]], "float32")))
    assert found.shape == (2, MAX_CENTRES)
    np.testing.assert_array_equal(found[:, 3:], found[:, :1] * np.ones(MAX_CENTRES - 3))


def test_far_away_it_is_0_and_a_number(likeness):
    found = keras.ops.convert_to_numpy(likeness(np.full((1, 3), 1e18, "float32")))
    np.testing.assert_array_equal(found, 0)


def test_functionals_by_likeness_answer_from_it_and_describe_as_ever(rng):
    hertz = np.linspace(0, 8000, 8)
    plain, alike = (
        FunctionalsConfig(filters=20, likeness=n).build((8, 12), 3, hertz=hertz) for n in (0, 5)
    )
    assert [layer.name for layer in plain.layers] == [
        layer.name for layer in alike.layers if layer.name != LIKENESS
    ]
    assert alike.get_layer(ANSWER).input.shape == (None, MAX_CENTRES)
    image = rng.random((2, 8, 12, 1), "float32")
    told = [describing(model)({"image": image}) for model in (plain, alike)]
    assert told[0].shape[1] == alike.get_layer(JOINED).output.shape[1]
    np.testing.assert_array_equal(*told)


@pytest.mark.parametrize("components", [-1, 100_000])
def test_components_are_a_number_of_channels(components):
    with pytest.raises(ParameterError, match="likeness"):
        FunctionalsConfig(likeness=components)


def test_likeness_does_not_go_with_answers_centred_by_speaker():
    with pytest.raises(ConfigError, match="new ones"):
        from_dict({"functionals": {"likeness": 8}, "view": {"standardize": "speaker"}})
    told = {"standardize": "speaker", "centre_answers": False}
    assert from_dict({"functionals": {"likeness": 8}, "view": told}).functionals.likeness == 8
