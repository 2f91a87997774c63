from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np
import pytest
import scipy.signal

from speechsent.features.spectrum import (
    BLOCK,
    hann,
    hz_to_mel,
    mel_filters,
    mel_power,
    mel_to_hz,
    n_frames,
)

PARAMETERS = [
    {"sample_rate": 16_000, "n_fft": 512, "n_mels": 64, "fmin": 0.0, "fmax": 8_000.0},
    {"sample_rate": 16_000, "n_fft": 512, "n_mels": 128, "fmin": 0.0, "fmax": 8_000.0},
    {"sample_rate": 8_000, "n_fft": 256, "n_mels": 32, "fmin": 60.0, "fmax": 3_800.0},
    {"sample_rate": 44_100, "n_fft": 2_048, "n_mels": 80, "fmin": 20.0, "fmax": 22_050.0},
]
AT_ONCE = BLOCK // PARAMETERS[0]["n_fft"]  # frames


@pytest.mark.parametrize("n_fft", [256, 400, 512])
def test_the_window_is_scipys_periodic_hann(n_fft):
    np.testing.assert_allclose(hann(n_fft), scipy.signal.get_window("hann", n_fft), atol=1e-15)


def test_the_mel_scale_is_slaneys():
    hz = np.concatenate([[0.0], np.geomspace(1, 24_000, 200)])
    np.testing.assert_allclose(hz_to_mel(hz), librosa.hz_to_mel(hz), rtol=1e-12)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz, rtol=1e-12)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_the_filter_bank_is_librosas(parameters):
    renamed = {"sr" if k == "sample_rate" else k: v for k, v in parameters.items()}
    filters = mel_filters(**parameters)
    assert filters.dtype == np.float32
    np.testing.assert_allclose(filters.T, librosa.filters.mel(**renamed), atol=1e-8)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_every_band_hears_something(parameters):
    assert mel_filters(**parameters).any(axis=0).all()


def test_shared_arrays_cannot_be_overwritten():
    """They are cached: a change would reach every later clip."""
    with pytest.raises(ValueError, match="read-only"):
        hann(512)[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        mel_filters(**PARAMETERS[0])[0] = 1


@pytest.mark.parametrize(
    "n_samples", [1, 319, 320, 1_600, 320 * AT_ONCE - 1, 320 * AT_ONCE, 320 * AT_ONCE + 1, 50_000]
)
def test_there_is_a_frame_at_every_hop(rng, n_samples):
    power = mel_power(rng.normal(size=n_samples), hop_length=320, **PARAMETERS[0])
    assert power.shape == (n_frames(n_samples, 320), 64)
    assert n_frames(n_samples, 320) == len(range(0, n_samples + 1, 320))


def test_frames_are_centred_on_their_hop():
    """A click at sample 960 is loudest in frame 6 of hop 160, and its neighbours hear it alike."""
    click = np.zeros(3_200)
    click[960] = 1
    power = mel_power(click, hop_length=160, **PARAMETERS[0])
    loudness = power.sum(axis=1)
    assert loudness.argmax() == 6
    np.testing.assert_allclose(loudness[5], loudness[7], rtol=1e-6)


def test_clips_in_several_threads_and_settings_leave_each_other_alone(rng):
    """The memory that is kept from clip to clip belongs to one thread and one setting."""
    clips = [rng.normal(size=n) for n in range(3_000, 60_000, 1_900)]
    tasks = [(clip, hop) for clip in clips for hop in (160, 320)]

    def power(task):
        return mel_power(task[0], hop_length=task[1], **PARAMETERS[0])

    alone = [power(task) for task in tasks]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(power, tasks * 3))
    for expected, found in zip(alone * 3, together, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("parameters", [*PARAMETERS, PARAMETERS[0] | {"n_mels": 5}])
def test_the_filter_bank_in_pieces_is_the_whole(rng, parameters):
    """Against librosa's spectrum and its filter bank as one matrix."""
    signal = rng.normal(size=parameters["sample_rate"] // 2)
    n_fft = parameters["n_fft"]
    spectrum = librosa.stft(signal, n_fft=n_fft, hop_length=n_fft // 4, pad_mode="constant")
    expected = (np.abs(spectrum) ** 2).T @ mel_filters(**parameters)
    power = mel_power(signal, hop_length=n_fft // 4, **parameters)
    np.testing.assert_allclose(power, expected, rtol=2e-5)
