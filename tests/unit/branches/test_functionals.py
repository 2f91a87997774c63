import keras
import numpy as np
import pytest

from speechsent.branches.filter_bank import KINDS, FilterFunctionals
from speechsent.branches.functionals import FunctionalsConfig, banks, describing
from speechsent.errors import ParameterError

N_BANDS, FILTERS, DILATIONS = 7, 6, (1, 3)
HERTZ = np.linspace(40, 1440, 36)


def bank(kind="levels", **how):
    layer = FilterFunctionals(FILTERS, DILATIONS, kind=kind, hertz=range(N_BANDS), **how)
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


@pytest.mark.parametrize("kind", KINDS)
def test_statistics_are_those_of_a_loop_over_frames(rng, kind):
    layer = bank(kind)
    clips = [rng.standard_normal((n, N_BANDS)).astype("float32") for n in (11, 4, 16)]
    expected = np.stack([by_hand(layer, clip) for clip in clips])
    np.testing.assert_allclose(said(layer, clips, 16), expected, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_nothing(rng, kind):
    layer = bank(kind)
    clip = rng.standard_normal((9, N_BANDS)).astype("float32")
    np.testing.assert_allclose(said(layer, [clip], 9), said(layer, [clip], 30), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_clip_without_frames_nothing_is_told_but_shares(kind):
    """A clip that is constant, and its speaker's only one, is all mean: it looks like padding."""
    *_, highest, deviation = said(bank(kind), [np.zeros((0, N_BANDS))], 5).reshape(6, FILTERS)
    np.testing.assert_allclose(highest, 0, atol=1e-6)
    np.testing.assert_allclose(deviation, 0, atol=1e-5)


def test_thresholds_are_quantiles_of_what_filters_say(rng):
    layer = bank()
    responses = rng.standard_normal((500, FILTERS))
    layer.set_thresholds(responses)
    shares = (responses[:, None] > np.asarray(layer.thresholds)[None]).mean(axis=0)
    np.testing.assert_allclose(
        shares, np.array([[0.8], [0.5], [0.2], [0.05]]) + 0 * shares, atol=0.01
    )


def test_an_unsolved_model_prefers_no_class(rng):
    model = FunctionalsConfig(filters=20).build((36, 30), 3, hertz=HERTZ)
    image = rng.random((2, 36, 30, 1)).astype("float32")
    np.testing.assert_array_equal(model.predict({"image": image}, verbose=0), np.zeros((2, 3)))


def test_six_statistics_of_each_filter_of_each_kind():
    model = FunctionalsConfig(filters=40).build((36, 30), 3, hertz=HERTZ)
    assert [(layer.kind, layer.filters) for layer in banks(model)] == [
        ("levels", 10),
        ("normalised", 10),
        ("shapes", 10),
        ("ripples", 10),
    ]
    assert describing(model).output_shape == (None, 6 * 40)


def test_kinds_are_left_away_where_nobody_wants_them():
    config = FunctionalsConfig(filters=40, kinds=("shapes", "levels"))
    model = config.build((36, 30), 3, hertz=HERTZ)
    assert [(layer.kind, layer.filters) for layer in banks(model)] == [
        ("shapes", 20),
        ("levels", 20),
    ]


def test_the_ripples_of_a_model_know_where_an_image_has_its_low_bands():
    """Upside down a voice of 140 Hz has no harmonic where one belongs: no ripple hears it well."""
    model = FunctionalsConfig(filters=2000).build((36, 30), 3, hertz=HERTZ)
    ripples = model.get_layer("functionals_ripples")

    def loudest(levels):
        sequence = np.tile(levels.astype("float32"), (1, 30, 1))
        said = ripples.responses(sequence, np.ones((1, 30, 1), "float32"))
        return np.asarray(said)[0, 15].max()

    voice = np.cos(2 * np.pi * HERTZ / 140)
    assert loudest(voice[::-1]) > 2 * loudest(voice)


def test_nothing_in_it_trains():
    assert not FunctionalsConfig(filters=20).build((36, 30), 3, hertz=HERTZ).trainable_variables


@pytest.mark.parametrize(
    "how",
    [
        {"filters": 15},
        {"filters": -10},
        {"filters": 10**9},
        {"kinds": ()},
        {"kinds": ("levels", "levels")},
        {"kinds": ("combs",)},
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


@pytest.mark.parametrize("kind", KINDS)
def test_the_layer_is_rebuilt_from_its_configuration(kind):
    layer = bank(kind, seed=3)
    again = FilterFunctionals.from_config(layer.get_config())
    again.build([(None, None, N_BANDS), (None, None, 1)])
    for one, other in zip(layer.kernels, again.kernels, strict=True):
        np.testing.assert_array_equal(one, other)
