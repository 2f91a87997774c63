import librosa
import numpy as np
import pytest
import scipy.fft
import scipy.signal

from speechsent.errors import ParameterError
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc, dct_matrix, delta


@pytest.mark.parametrize(("n_mels", "n_mfcc"), [(64, 40), (40, 13), (20, 20)])
def test_coefficients_are_librosas(voiced, n_mels, n_mfcc):
    level = LogMel(n_mels=n_mels)(voiced)
    cepstrum = Mfcc(n_mfcc=n_mfcc)(level)
    static = librosa.feature.mfcc(S=level, n_mfcc=n_mfcc)
    assert cepstrum.dtype == np.float32
    assert cepstrum.shape == (level.shape[1], Mfcc(n_mfcc=n_mfcc).n_coefficients)
    np.testing.assert_allclose(cepstrum[:, :n_mfcc].T, static, rtol=0, atol=3e-4)
    for order in (1, 2):
        slopes = cepstrum[:, order * n_mfcc : (order + 1) * n_mfcc]
        np.testing.assert_allclose(
            slopes.T, librosa.feature.delta(static, order=order), rtol=0, atol=1e-4
        )


@pytest.mark.parametrize("n_deltas", [0, 1, 2])
def test_fewer_slopes_leave_the_rest_as_it_is(voiced, n_deltas):
    level = LogMel()(voiced)
    some = Mfcc(n_mfcc=13, n_deltas=n_deltas)(level)
    assert some.shape[1] == 13 * (1 + n_deltas)
    np.testing.assert_array_equal(some, Mfcc(n_mfcc=13)(level)[:, : some.shape[1]])


def test_the_transform_is_scipys_dct(rng):
    level = rng.normal(size=(7, 30))
    expected = scipy.fft.dct(level, type=2, norm="ortho")[:, :12]
    np.testing.assert_allclose(level @ dct_matrix(30, 12), expected, atol=1e-12)


@pytest.mark.parametrize("width", [3, 5, 9, 11])
@pytest.mark.parametrize("order", [1, 2])
def test_slopes_are_librosas(rng, width, order):
    sequence = rng.normal(size=(30, 4))
    expected = librosa.feature.delta(sequence, width=width, order=order, axis=0)
    np.testing.assert_allclose(delta(sequence, width=width, order=order), expected, atol=1e-12)


@pytest.mark.parametrize("n_frames", [1, 2, 8])
@pytest.mark.parametrize("order", [1, 2])
def test_slopes_of_a_clip_shorter_than_the_width_hold_the_edge_values(rng, n_frames, order):
    sequence = rng.normal(size=(n_frames, 4))
    expected = scipy.signal.savgol_filter(
        sequence, 9, deriv=order, polyorder=order, axis=0, mode="nearest"
    )
    np.testing.assert_allclose(delta(sequence, order=order), expected, atol=1e-12)


def test_a_parabola_has_curvature_two():
    parabola = np.arange(20.0)[:, None] ** 2
    np.testing.assert_allclose(delta(parabola, order=2), 2.0, atol=1e-9)


def test_a_constant_level_reaches_the_zeroth_coefficient_only():
    """The first row of the orthonormal DCT of n equal numbers is their value times sqrt(n)."""
    np.testing.assert_allclose(
        Mfcc(n_mfcc=5, n_deltas=0)(np.full((64, 2), -10.0)),
        [[-80, 0, 0, 0, 0]] * 2,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "fields", [{"n_mfcc": 0}, {"n_deltas": 3}, {"n_deltas": -1}, {"width": 1}, {"width": 8}]
)
def test_a_parameter_out_of_range_is_refused(fields):
    name, value = next(iter(fields.items()))
    with pytest.raises(ParameterError, match=f"Received: {name}={value}"):
        Mfcc(**fields)


def test_more_coefficients_than_bands_are_refused():
    with pytest.raises(ParameterError, match="n_mfcc=40, n_mels=32"):
        Mfcc(n_mfcc=40)(np.zeros((32, 10)))
