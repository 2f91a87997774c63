import numpy as np
import pytest

from speechsent.branches.filters import WIDTH, local_filters, ripple_filters, shape_filters
from speechsent.features.log_mel import LogMel

HERTZ = LogMel().centres


def test_filters_of_changes_do_not_see_levels():
    filters = local_filters(40, 300, level_share=0.3, seed=0)
    blind = np.abs(filters.sum(axis=0)).max(axis=0) < 1e-6
    assert 0.6 < blind.mean() < 0.8


def test_filters_have_unit_length_and_look_at_neighbouring_bands():
    filters = local_filters(40, 200, level_share=0.3, seed=0)
    np.testing.assert_allclose(np.sqrt((filters**2).sum(axis=(0, 1))), 1, rtol=1e-5)
    for one in np.moveaxis(filters, 2, 0):
        seen = np.flatnonzero(np.abs(one).sum(axis=0))
        assert len(seen) == seen[-1] - seen[0] + 1


def drawn(seed):
    return (
        local_filters(20, 4, level_share=1, seed=seed),
        shape_filters(20, 4, seed=seed),
        ripple_filters(HERTZ, 4, seed=seed),
    )


def test_another_seed_draws_other_filters_and_the_same_the_same():
    for one, other, again in zip(drawn(0), drawn(1), drawn(0), strict=True):
        assert not np.array_equal(one, other)
        np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize(
    "filters", [shape_filters(40, 200, seed=0), ripple_filters(HERTZ, 200, seed=0)]
)
def test_shapes_and_ripples_do_not_see_how_loud_a_frame_is(filters):
    np.testing.assert_allclose(np.linalg.norm(filters, axis=(0, 1)), 1, rtol=1e-5)
    np.testing.assert_allclose(filters.sum(axis=1), 0, atol=1e-5)


@pytest.mark.parametrize("pitch", [130.0, 180.0, 260.0])
def test_a_voice_is_heard_by_the_ripples_of_its_pitch(pitch):
    """The narrow ripple that says most of a sum of sines is at its highest on the harmonics."""
    seconds = np.arange(16_000) / 16_000
    voice = sum(np.sin(2 * np.pi * k * pitch * seconds) for k in range(1, 20))
    levels = LogMel()(voice.astype(np.float32))[:, 25]
    ripples = ripple_filters(HERTZ, 4000, seed=0)
    said = np.einsum("b,tbf->f", levels, ripples)
    # A low band is 31 Hz from the next: ripples of such a voice turn within a few bands.
    narrow = np.abs(np.diff(np.sign(ripples[2, :20]), axis=0)).sum(axis=0) >= 6
    weights = ripples[:, :, np.where(narrow, said, -np.inf).argmax()].sum(axis=0)
    low = (pitch / 2 < HERTZ) & (3 * pitch > HERTZ)
    assert np.corrcoef(weights[low], np.cos(2 * np.pi * HERTZ[low] / pitch))[0, 1] > 0.6


@pytest.mark.parametrize("hertz", [np.array([50.0, 4000.0]), np.linspace(3000, 8000, 40)])
def test_bands_that_tell_no_pitch_have_ripples_all_the_same(hertz):
    ripples = ripple_filters(hertz, 50, seed=0)
    assert ripples.shape == (WIDTH, len(hertz), 50)
    assert np.isfinite(ripples).all()
