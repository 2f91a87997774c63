from pathlib import Path

import numpy as np
import pytest

from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc

DATA = Path(__file__).parent / "data"


@pytest.fixture(params=["chirp", "vowel", "whisper"])
def golden(request):
    with np.load(DATA / f"{request.param}.npz") as file:
        return dict(file)


@pytest.fixture
def level(golden):
    return LogMel()(golden["signal"].astype(np.float32) / 2**15)


def test_the_spectrogram_has_not_moved(golden, level):
    """Numbers of librosa 0.11.0; a change here changes every trained model."""
    np.testing.assert_allclose(level, golden["log_mel"], rtol=0, atol=5e-5)


def test_the_cepstrum_has_not_moved(golden, level):
    static, slope, curvature = np.split(Mfcc()(level), 3, axis=1)
    np.testing.assert_allclose(static.T, golden["mfcc"], rtol=0, atol=3e-4)
    np.testing.assert_allclose(slope.T, golden["delta"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(curvature.T, golden["delta2"], rtol=0, atol=1e-4)
