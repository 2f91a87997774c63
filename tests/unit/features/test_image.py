import numpy as np
import pytest

from speechsent.features.image import to_image
from speechsent.features.log_mel import LogMel
from speechsent.features.standardize import Statistics


@pytest.mark.parametrize(
    ("deviations", "grey"), [(0, 0.5), (4, 1), (-4, 0), (9, 1), (-9, 0), (2, 0.75)]
)
def test_grey_is_the_mean_and_four_deviations_are_white(deviations, grey):
    image = to_image(np.full((3, 2), deviations, np.float32))
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, np.full((2, 3, 1), grey))


def test_low_bands_are_at_the_bottom_and_time_runs_to_the_right():
    windows = np.zeros((5, 4), np.float32)  # frames, bands
    windows[3, 0] = 4.0
    image = to_image(windows)
    assert image.shape == (4, 5, 1)
    assert np.argwhere(image == 1.0).tolist() == [[3, 3, 0]]


def test_a_batch_is_its_images(rng):
    batch = rng.normal(size=(2, 6, 5)).astype(np.float32)
    np.testing.assert_array_equal(to_image(batch), [to_image(clip) for clip in batch])


def test_a_clip_20_db_lower_gives_a_darker_image(voiced):
    """Nothing is scaled clip by clip: 20 dB are 20 over the deviation, of 8 to white."""
    level = LogMel()(voiced).T
    statistics = Statistics(np.full(96, level.mean()), np.full(96, 40.0))
    quiet = to_image(statistics(LogMel()(voiced * np.float32(0.1)).T))
    drop = to_image(statistics(level)).mean() - quiet.mean()
    assert drop == pytest.approx(20 / 40 / 8, rel=1e-3)
