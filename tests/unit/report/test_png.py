"""Pictures are read back by another library."""

import io

import numpy as np
import pytest
from PIL import Image

from speechsent.report.png import grey_png, veil_png


@pytest.mark.parametrize("width", [6, 7])
def test_grey_comes_back_in_sixteen_shades(width, rng):
    values = rng.random((5, width))
    seen = np.asarray(Image.open(io.BytesIO(grey_png(values))).convert("L"), float) / 255
    assert seen.shape == (5, width)
    assert np.abs(seen - values).max() <= 1 / 30 + 1e-9


def test_what_lies_beyond_the_range_is_black_or_white():
    seen = np.asarray(Image.open(io.BytesIO(grey_png(np.array([[-3.0, 9.0]])))).convert("L"))
    assert seen.tolist() == [[0, 255]]


def test_a_veil_has_one_colour_and_covers_as_its_values_say():
    seen = np.asarray(
        Image.open(io.BytesIO(veil_png(np.array([[0, 0.5, 1]]), (9, 8, 7)))).convert("RGBA")
    )
    assert seen.tolist() == [[[9, 8, 7, 0], [9, 8, 7, 128], [9, 8, 7, 255]]]
