import keras
import numpy as np
import pytest

from speechsent.answers import Classes
from speechsent.branches.lstm import LstmBranch
from speechsent.errors import ParameterError
from speechsent.fusion import classifier, fusion_head, late_fusion
from speechsent.network import precision

POOLINGS = ("last", "attention", "statistics")


def sequences(rng, n_frames=12, n_coefficients=3):
    return rng.standard_normal((2, n_frames, n_coefficients)).astype("float32")


@pytest.mark.parametrize(("width", "parameters"), [(32, 27_589), (64, 29_829)])
def test_two_streams_have_the_parameters_of_the_published_network(width, parameters):
    """Two streams of 60 values, two LSTMs of 32 each, a dense layer and five classes.

    By hand: 2 * (4 * 32 * (1 + 32 + 1) + 4 * 32 * (32 + 32 + 1)) = 25,344 in the LSTMs,
    65 * width behind them, and (width + 1) * 5 in the classifier.
    """
    branch = LstmBranch(
        streams=("x", "y"),
        channels=0,
        units=(32, 32),
        bidirectional=False,
        pooling="last",
        embedding=width,
    ).build({"x": (60, 1), "y": (60, 1)})
    assert classifier(branch, answer=Classes(5)).count_params() == parameters


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize(("channels", "n_frames"), [(0, 8), (6, 7), (6, 8)])
def test_padding_changes_nothing(rng, pooling, bidirectional, channels, n_frames):
    branch = LstmBranch(
        channels=channels,
        units=(4, 4),
        pooling=pooling,
        bidirectional=bidirectional,
        embedding=16,
    )
    model = branch.build({"mfcc": (None, 3)})
    sequence = sequences(rng)
    padded = np.pad(sequence, ((0, 0), (0, n_frames), (0, 0)))
    short, long = model({"mfcc": sequence}), model({"mfcc": padded})
    assert np.abs(short).max() > 1e-3
    np.testing.assert_allclose(long, short, rtol=0, atol=1e-5)


def test_each_clip_of_a_batch_is_masked_by_itself(rng):
    model = LstmBranch(units=(4,), embedding=0).build({"mfcc": (None, 3)})
    sequence = sequences(rng)
    sequence[1, 5:] = 0
    alone = model({"mfcc": sequence[1:, :5]})
    np.testing.assert_allclose(model({"mfcc": sequence})[1:], alone, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("pooling", "bidirectional", "width"),
    [("last", False, 4), ("last", True, 8), ("attention", True, 8), ("statistics", True, 16)],
)
def test_without_a_dense_layer_the_pooled_vector_is_the_embedding(pooling, bidirectional, width):
    branch = LstmBranch(units=(6, 4), pooling=pooling, bidirectional=bidirectional, embedding=0)
    assert branch.build({"mfcc": (12, 3)}).output_shape == (None, width)


def test_both_streams_reach_the_embedding(rng):
    branch = LstmBranch(streams=("mfcc", "prosody"), units=(4,), embedding=0)
    model = branch.build({"mfcc": (12, 3), "prosody": (12, 2)})
    inputs = {"mfcc": sequences(rng), "prosody": sequences(rng, n_coefficients=2)}
    before = model(inputs)
    for stream in inputs:
        other = model(inputs | {stream: -inputs[stream]})
        assert np.abs(other - before).max() > 1e-3


def test_two_branches_fit_into_one_model(rng):
    """Keras refuses a graph in which two layers or two models share a name."""
    shapes = {"mfcc": (12, 3), "prosody": (12, 2)}
    branches = {s: LstmBranch(streams=(s,), units=(4,), embedding=4).build(shapes) for s in shapes}
    model = late_fusion(branches, fusion_head(dict.fromkeys(shapes, 4), answer=Classes(3), units=4))
    inputs = {"mfcc": sequences(rng), "prosody": sequences(rng, n_coefficients=2)}
    assert model(inputs).shape == (2, 3)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_padding_is_finite_in_16_bits(rng, policy):
    with precision(policy):
        model = LstmBranch(units=(4,), embedding=4).build({"mfcc": (12, 3)})
    sequence = sequences(rng)
    sequence[:, 7:] = 0
    assert np.isfinite(keras.ops.convert_to_numpy(model({"mfcc": sequence})).astype(float)).all()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("streams", (), "at least one sequence"),
        ("units", (), "units are 1 to 8 numbers"),
        ("units", (8, 0), "units are 1 to 8 numbers"),
        ("channels", -1, "channels lie in"),
        ("dilations", (0,), "dilations are at most 8 numbers"),
        ("pooling", "mean", "pooling must be .* Received: pooling='mean'"),
        ("dropout", 1.0, "dropout must lie in"),
        ("dropout", -0.1, "dropout must lie in"),
        ("embedding", -1, "embedding be 0 or 2 to"),
    ],
)
def test_parameters_out_of_range_are_refused(field, value, message):
    with pytest.raises(ParameterError, match=message):
        LstmBranch(**{field: value})
