import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import delta
from speechsent.features.prosody import Prosody

RATE = 16_000
INNER = slice(5, -5)  # frames that do not touch the ends


def harmonics(hertz, seconds=0.5):
    phase = 2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE
    return (0.1 * sum(np.sin(k * phase) / k for k in range(1, 8))).astype(np.float32)


@pytest.mark.parametrize("hertz", [66, 80, 123, 220, 440])
def test_the_pitch_of_a_harmonic_tone_is_found(hertz):
    octaves, voicing = Prosody()(harmonics(hertz))[INNER, :2].T
    np.testing.assert_allclose(65.0 * 2**octaves, hertz, rtol=0.02)
    assert (voicing > 0.9).all()


def test_noise_has_no_pitch(rng):
    octaves, voicing = Prosody()((0.1 * rng.normal(size=RATE)).astype(np.float32))[:, :2].T
    assert (octaves == 0).all()
    assert (voicing < 0.5).all()


def test_silence_has_no_pitch_and_the_lowest_energy():
    features = Prosody()(np.zeros(RATE // 2, np.float32))
    np.testing.assert_allclose(features, [[0, 0, -100, 0, 0, 0]] * len(features), atol=1e-4)


@pytest.mark.parametrize("amplitude", [1.0, 0.1, 0.001])
def test_the_energy_of_a_sine_is_three_db_below_its_peak(amplitude):
    """At 400 Hz a frame holds 12.35 periods, which is exact to 0.1 dB."""
    sine = amplitude * np.sin(2 * np.pi * 400 * np.arange(RATE) / RATE)
    energy = Prosody()(sine.astype(np.float32))[INNER, 2]
    np.testing.assert_allclose(energy, 20 * np.log10(amplitude / np.sqrt(2)), atol=0.2)


def test_the_last_columns_are_slopes(voiced):
    features = Prosody()(voiced)
    assert features.dtype == np.float32
    assert features.shape == (51, Prosody().n_coefficients)
    np.testing.assert_allclose(features[:, 3:], delta(features[:, :3]), atol=1e-4)


@pytest.mark.parametrize("n_samples", [160, 1_600, 5_000, 16_000])
def test_frames_align_with_the_spectrogram(voiced, n_samples):
    assert len(Prosody()(voiced[:n_samples])) == LogMel()(voiced[:n_samples]).shape[1]


@pytest.mark.parametrize(
    "fields", [{"fmin": 0.0}, {"fmin": 500.0}, {"fmax": 8_000.0}, {"hop_length": 0}]
)
def test_a_parameter_out_of_range_is_refused(fields):
    with pytest.raises(ParameterError, match=f"Received: .*{next(iter(fields.values()))}"):
        Prosody(**fields)
