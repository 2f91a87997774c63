import keras
import numpy as np
import pytest

from speechsent.branches.pooling import AttentiveStatistics


def pool(values, mask=None, *, query=None, deviation=True):
    """Pool with an identity kernel and the given query; equal weights without one."""
    layer = AttentiveStatistics(deviation=deviation)
    layer.build(values.shape)
    width = values.shape[-1]
    layer.kernel.assign(np.eye(width))
    layer.query.assign(np.zeros((width, 1)) if query is None else query)
    return keras.ops.convert_to_numpy(layer(values, mask=mask))


def test_equal_scores_give_mean_and_deviation_over_time(rng):
    values = rng.standard_normal((2, 9, 3)).astype("float32")
    expected = np.concatenate([values.mean(axis=1), values.std(axis=1)], axis=1)
    np.testing.assert_allclose(pool(values), expected, atol=1e-4)


def test_scores_weigh_the_frames():
    """Weights of two frames by hand: softmax of (tanh 1, tanh -1)."""
    values = np.array([[[1.0], [-1.0]]], "float32")
    weight = 1 / (1 + np.exp(-2 * np.tanh(1)))
    mean = pool(values, query=[[1.0]], deviation=False)
    np.testing.assert_allclose(mean, [[2 * weight - 1]], rtol=1e-5)


def test_masked_frames_have_no_weight(rng):
    values = rng.standard_normal((1, 9, 3)).astype("float32")
    mask = np.arange(9)[None] < 5
    changed = np.where(mask[..., None], values, 1e3).astype("float32")
    np.testing.assert_allclose(pool(changed, mask), pool(values[:, :5]), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("deviation", "width"), [(True, 6), (False, 3)])
def test_the_layer_is_rebuilt_from_its_configuration(deviation, width):
    layer = AttentiveStatistics(deviation=deviation, name="pool")
    twin = AttentiveStatistics.from_config(layer.get_config())
    assert (twin.deviation, twin.name) == (deviation, "pool")
    assert twin.compute_output_shape((None, 9, 3)) == (None, width)
