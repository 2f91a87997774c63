import keras
import librosa
import numpy as np
import pytest

from speechsent.branches.compact import SLOPE_WIDTH, Slopes, compact_sequence


def network(n_frames, stem=(4, 6)):
    image = keras.Input((16, n_frames, 1))
    return keras.Model(image, compact_sequence(image, stem=stem, channels=5, dilations=(1, 2)))


def test_the_first_channels_are_value_slope_and_curvature(rng):
    """As librosa has them, but for the edges."""
    band = rng.standard_normal((1, 40)).astype("float32")
    kernel = Slopes()((1, SLOPE_WIDTH, 1, 3))
    channels = keras.ops.conv(band[:, None, :, None], kernel, padding="same")[0, 0]
    inner = slice(SLOPE_WIDTH // 2, -(SLOPE_WIDTH // 2))
    for order in (1, 2):
        expected = librosa.feature.delta(band, width=SLOPE_WIDTH, order=order)[0]
        np.testing.assert_allclose(channels[inner, order], expected[inner], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(channels[:, 0], band[0])


def test_time_is_pooled_to_mean_and_deviation():
    assert network(20).output_shape == (None, 10)


@pytest.mark.parametrize("n_padding", [1, 2, 9])
def test_padding_changes_nothing(rng, n_padding):
    images = rng.random((2, 16, 21, 1)).astype("float32")
    short = network(21)
    long = network(21 + n_padding)
    for variable in short.weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    long.set_weights(short.get_weights())
    padded = np.pad(images, ((0, 0), (0, 0), (0, n_padding), (0, 0)), constant_values=0.5)
    np.testing.assert_allclose(long(padded), short(images), rtol=1e-5, atol=1e-5)


def test_each_convolution_of_the_stem_divides_the_bands():
    """16 bands by 4, then by 2 twice: 1 band of 7 channels goes into the mix."""
    kernel = network(20, stem=(4, 6, 7)).get_layer("compact_mix_dense").kernel
    assert kernel.shape == (7, 5)
