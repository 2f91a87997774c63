import warnings

import librosa
import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.features.log_mel import LogMel

PARAMETERS = {
    "default": {},
    "small": {"n_fft": 256, "hop_length": 80, "n_mels": 20},
    "band limited": {"n_mels": 40, "fmin": 60.0, "fmax": 7_600.0, "top_db": 60.0},
    "telephone": {"sample_rate": 8_000, "n_fft": 512, "hop_length": 160, "fmax": 4_000.0},
    "long window": {"n_fft": 2_048, "hop_length": 512, "n_mels": 128},
}


def librosa_log_mel(signal, log_mel):
    power = librosa.feature.melspectrogram(
        y=signal,
        sr=log_mel.sample_rate,
        n_fft=log_mel.n_fft,
        hop_length=log_mel.hop_length,
        n_mels=log_mel.n_mels,
        fmin=log_mel.fmin,
        fmax=log_mel.fmax,
    )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=log_mel.top_db)


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
def test_levels_are_librosas(voiced, rng, parameters):
    log_mel = LogMel(**parameters)
    for signal in (voiced, (0.01 * rng.normal(size=7_777)).astype(np.float32)):
        level = log_mel(signal)
        assert level.dtype == np.float32
        np.testing.assert_allclose(level, librosa_log_mel(signal, log_mel), rtol=0, atol=5e-5)


@pytest.mark.parametrize("fields", [{}, {"n_fft": 512, "fmax": 1_000.0}, {"fmin": 7_000.0}])
def test_bands_without_a_frequency_are_counted_as_librosa_finds_them(fields):
    log_mel = LogMel(**fields)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        filters = librosa.filters.mel(
            sr=log_mel.sample_rate,
            n_fft=log_mel.n_fft,
            n_mels=log_mel.n_mels,
            fmin=log_mel.fmin,
            fmax=log_mel.fmax,
        )
    assert log_mel.n_empty == (filters == 0).all(axis=1).sum()
    assert (log_mel.n_empty > 0) == ("n_fft" in fields)


@pytest.mark.parametrize("gain_db", [-20.0, 6.0])
def test_gain_shifts_every_level_by_as_much(voiced, gain_db):
    """Loudness is a cue, so no clip is brought to a level of its own."""
    louder = voiced * np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(LogMel()(louder), LogMel()(voiced) + gain_db, atol=1e-3)


def test_the_floor_lies_top_db_below_the_maximum(voiced):
    level = LogMel(top_db=50.0)(voiced)
    assert level.max() - level.min() == pytest.approx(50.0, abs=1e-4)


def test_silence_is_minus_100_db():
    np.testing.assert_allclose(LogMel()(np.zeros(8_000)), -100.0, atol=1e-4)


def test_a_sine_is_loudest_in_the_band_of_its_frequency():
    """1 kHz is 15 mel, Nyquist 45.245: of 96 bands, the one centred next to 15 is no. 32 from 1."""
    sine = np.sin(2 * np.pi * 1_000 * np.arange(16_000) / 16_000)
    loudest = set(LogMel()(sine)[:, 2:-2].argmax(axis=0))
    assert loudest == {round(15 / 45.245 * 97) - 1}


def test_appended_silence_leaves_the_frames_before_it(voiced):
    """The window spans 512 samples to either side, so no frame centred before the end sees it."""
    longer = np.concatenate([voiced, np.zeros(8_000, np.float32)])
    short, long = LogMel()(voiced), LogMel()(longer)
    assert long.shape[1] == short.shape[1] + 25
    np.testing.assert_array_equal(long[:, : short.shape[1]], short)


@pytest.mark.parametrize(
    "fields",
    [
        {"hop_length": 0},
        {"hop_length": 1_025},
        {"fmin": -1.0},
        {"fmax": 8_001.0},
        {"fmin": 5_000.0, "fmax": 4_000.0},
        {"fmax": np.nan},
        {"n_mels": 3},
        {"n_mels": 257},
        {"top_db": 0.0},
        {"top_db": np.nan},
    ],
)
def test_a_parameter_out_of_range_is_refused(fields):
    name, value = next(iter(fields.items()))
    with pytest.raises(ParameterError, match=f"Received: .*{name}={value}"):
        LogMel(**fields)
