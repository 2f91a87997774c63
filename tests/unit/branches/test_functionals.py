import keras
import numpy as np
import pytest

from speechsent.branches.functionals import (
    FilterFunctionals,
    FunctionalsConfig,
    banks,
    describing,
    random_filters,
)
from speechsent.errors import ParameterError

N_BANDS, FILTERS, DILATIONS = 7, 6, (1, 3)


def bank(**how):
    layer = FilterFunctionals(FILTERS, DILATIONS, level_share=0.5, **how)
    layer.build([(None, None, N_BANDS), (None, None, 1)])
    layer.thresholds.assign(np.linspace(-1, 1, 4)[:, None] * np.ones(FILTERS))
    return layer


def said(layer, clips, n_frames):
    """What the layer says of clips of several lengths, padded to one."""
    padded = np.zeros((len(clips), n_frames, N_BANDS), "float32")
    used = np.zeros((len(clips), n_frames, 1), "float32")
    for i, clip in enumerate(clips):
        padded[i, : len(clip)], used[i, : len(clip)] = clip, 1
    return keras.ops.convert_to_numpy(layer([padded, used]))


def by_hand(layer, clip):
    """The same in loops over frames and filters; edges see the first and last frame again."""
    if layer.normalised:
        clip = (clip - clip.mean(axis=0)) / (clip.std(axis=0) + 0.3)
    responses = np.zeros((len(clip), FILTERS))
    for part, dilation in enumerate(DILATIONS):
        kernel = np.asarray(layer.kernels[part])
        for frame in range(len(clip)):
            seen = [
                clip[min(max(frame + tap * dilation, 0), len(clip) - 1)] for tap in range(-2, 3)
            ]
            for i in range(FILTERS // 2):
                weights = kernel[:, :, i]
                responses[frame, part * FILTERS // 2 + i] = np.sum(weights * np.stack(seen))
    # A tenth of the way from -1 to 1 is where a frame counts in part.
    shares = [
        np.clip((responses - threshold) / 0.2 + 0.5, 0, 1).mean(axis=0)
        for threshold in np.linspace(-1, 1, 4)
    ]
    return np.concatenate([*shares, responses.max(axis=0), responses.std(axis=0)])


@pytest.mark.parametrize("normalised", [False, True])
def test_statistics_are_those_of_a_loop_over_frames(rng, normalised):
    layer = bank(normalised=normalised)
    clips = [rng.standard_normal((n, N_BANDS)).astype("float32") for n in (11, 4, 16)]
    expected = np.stack([by_hand(layer, clip) for clip in clips])
    np.testing.assert_allclose(said(layer, clips, 16), expected, atol=1e-5)


@pytest.mark.parametrize("normalised", [False, True])
def test_padding_changes_nothing(rng, normalised):
    layer = bank(normalised=normalised)
    clip = rng.standard_normal((9, N_BANDS)).astype("float32")
    np.testing.assert_allclose(said(layer, [clip], 9), said(layer, [clip], 30), atol=1e-5)


def test_filters_of_changes_do_not_see_levels():
    filters = random_filters(40, 300, level_share=0.3, seed=0)
    blind = np.abs(filters.sum(axis=0)).max(axis=0) < 1e-6
    assert 0.6 < blind.mean() < 0.8


def test_filters_have_unit_length_and_look_at_neighbouring_bands():
    filters = random_filters(40, 200, level_share=0.3, seed=0)
    np.testing.assert_allclose(np.sqrt((filters**2).sum(axis=(0, 1))), 1, rtol=1e-5)
    for one in np.moveaxis(filters, 2, 0):
        seen = np.flatnonzero(np.abs(one).sum(axis=0))
        assert len(seen) == seen[-1] - seen[0] + 1


def test_another_seed_draws_other_filters():
    assert not np.array_equal(*(random_filters(9, 4, level_share=1, seed=s) for s in (0, 1)))


def test_thresholds_are_quantiles_of_what_filters_say(rng):
    layer = bank()
    responses = rng.standard_normal((500, FILTERS))
    layer.set_thresholds(responses)
    shares = (responses[:, None] > np.asarray(layer.thresholds)[None]).mean(axis=0)
    np.testing.assert_allclose(
        shares, np.array([[0.8], [0.5], [0.2], [0.05]]) + 0 * shares, atol=0.01
    )


def test_an_unsolved_model_prefers_no_class(rng):
    model = FunctionalsConfig(filters=20).build((8, 30), 3)
    image = rng.random((2, 8, 30, 1)).astype("float32")
    np.testing.assert_array_equal(model.predict({"image": image}, verbose=0), np.zeros((2, 3)))


def test_six_statistics_of_each_filter_in_two_banks():
    model = FunctionalsConfig(filters=20).build((8, 30), 3)
    assert [layer.normalised for layer in banks(model)] == [False, True]
    assert describing(model).output_shape == (None, 6 * 20)


def test_nothing_in_it_trains():
    assert not FunctionalsConfig(filters=20).build((8, 30), 3).trainable_variables


@pytest.mark.parametrize(
    "how",
    [
        {"filters": 15},
        {"filters": -10},
        {"filters": 10**9},
        {"dilations": ()},
        {"dilations": (0,)},
        {"copies": -1},
        {"tempo": 1.0},
        {"warp": -0.1},
        {"gain_db": -1.0},
    ],
)
def test_what_cannot_be_meant_is_refused(how):
    with pytest.raises(ParameterError, match="functionals"):
        FunctionalsConfig(**how)


def test_the_layer_is_rebuilt_from_its_configuration():
    layer = bank(normalised=True, seed=3)
    again = FilterFunctionals.from_config(layer.get_config())
    again.build([(None, None, N_BANDS), (None, None, 1)])
    for one, other in zip(layer.kernels, again.kernels, strict=True):
        np.testing.assert_array_equal(one, other)
