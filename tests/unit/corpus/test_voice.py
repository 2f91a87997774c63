import librosa
import numpy as np
import pytest
from scipy import signal as dsp

from speechsent.corpus.voice import (
    Articulation,
    Glottis,
    glottal_source,
    short_time_filter,
    speak,
    vocal_tract,
)
from speechsent.errors import ParameterError

RATE = 16_000
N_FRAMES = 100  # one second
PLAIN = Glottis(breathiness=0.0, jitter=0.0, shimmer=0.0)
VOWEL = (500.0, 1500.0, 2500.0, 3500.0, 4500.0)


def resonator(formant):
    """Coefficients of Klatt's (1980) resonator, bandwidth as documented: 50 Hz + formant / 30."""
    bandwidth = 50 + formant / 30
    c = -np.exp(-2 * np.pi * bandwidth / RATE)
    b = 2 * np.exp(-np.pi * bandwidth / RATE) * np.cos(2 * np.pi * formant / RATE)
    return [1 - b - c], [1, -b, -c]


def held(formants=VOWEL, *, voicing=1.0, friction=0.0, colour=3000.0):
    """One second of a sound that does not move."""
    return Articulation(
        formants=np.tile(formants, (N_FRAMES, 1)),
        voicing=np.full(N_FRAMES, voicing),
        friction=np.full(N_FRAMES, friction),
        colour=np.full(N_FRAMES, colour),
    )


def say(mouth, rng, *, f0=120.0, glottis=PLAIN):
    return speak(mouth, np.full(N_FRAMES, f0), glottis, sample_rate=RATE, rng=rng)


def pulses(rng, *, f0=100.0, **quality):
    """One second of the source alone; at 100 Hz a cycle is 160 samples."""
    given = {"breathiness": 0.0, "jitter": 0.0, "shimmer": 0.0} | quality
    return glottal_source(np.full(RATE, f0), Glottis(**given), sample_rate=RATE, rng=rng)


def peaks_of_cycles(source):
    """Largest excursion of each cycle, the closure of the folds."""
    return np.abs(source).reshape(100, 160).max(axis=1)


@pytest.mark.parametrize("f0", [90.0, 180.0, 360.0])
def test_pitch_is_what_was_asked_for(rng, f0):
    voice = say(held(), rng, f0=f0, glottis=Glottis())
    found = librosa.yin(voice, fmin=60, fmax=500, sr=RATE)
    assert np.median(found[5:-5]) == pytest.approx(f0, rel=0.02)


def test_pitch_follows_its_contour(rng):
    """From 100 to 200 Hz in a second: the middle of the glide is heard at 150 Hz."""
    f0 = np.linspace(100, 200, N_FRAMES)
    voice = speak(held(), f0, Glottis(), sample_rate=RATE, rng=rng)
    found = librosa.yin(voice, fmin=60, fmax=500, sr=RATE)
    times = librosa.times_like(found, sr=RATE)
    expected = np.interp(times, np.arange(N_FRAMES) / 100, f0)
    np.testing.assert_allclose(found[4:-4], expected[4:-4], rtol=0.05)


@pytest.mark.parametrize("formant", [300.0, 1000.0, 2400.0])
def test_a_formant_is_heard_where_it_was_asked_for(rng, formant):
    noise = rng.standard_normal(RATE)
    heard = short_time_filter(noise, vocal_tract(np.full((N_FRAMES, 1), formant), RATE))
    frequencies, power = dsp.welch(heard, RATE, nperseg=1024)
    assert frequencies[power.argmax()] == pytest.approx(formant, abs=40)


def test_the_vocal_tract_is_a_cascade_of_resonators():
    frequencies = np.fft.rfftfreq(960, 1 / RATE)
    expected = np.prod(
        [dsp.freqz(*resonator(f), worN=frequencies, fs=RATE)[1] for f in VOWEL], axis=0
    )
    response = vocal_tract(np.tile(VOWEL, (3, 1)), RATE)
    np.testing.assert_allclose(response, np.tile(expected, (3, 1)))
    np.testing.assert_allclose(response[:, 0], 1)


def test_filtering_frame_by_frame_is_filtering_where_nothing_moves(rng):
    """The reference is a recursive filter; what rings on after 40 ms is lost, below -40 dB."""
    noise = rng.standard_normal(RATE)
    expected = dsp.lfilter(*resonator(700.0), noise)
    heard = short_time_filter(noise, vocal_tract(np.full((N_FRAMES, 1), 700.0), RATE))
    assert np.std((heard - expected)[:-160]) < 0.01 * np.std(expected)


def test_a_flat_response_changes_nothing_until_the_last_frame_fades(rng):
    noise = rng.standard_normal(1600)
    heard = short_time_filter(noise, np.ones((10, 481)))
    np.testing.assert_allclose(heard[:1440], noise[:1440], atol=1e-12)
    fall = (1 + np.cos(np.pi * np.arange(160) / 160)) / 2
    np.testing.assert_allclose(heard[1440:], fall * noise[1440:], atol=1e-12)


def test_steady_folds_repeat_every_cycle(rng):
    source = pulses(rng)
    np.testing.assert_allclose(source[320:480], source[160:320], atol=1e-6)


@pytest.mark.parametrize("open_quotient", [0.3, 0.6, 0.9])
def test_folds_are_open_for_their_share_of_the_cycle(rng, open_quotient):
    """Flow 6.75 (p^2 - p^3) has a derivative of RMS 6.75 sqrt(2 / 15); it is divided by 2.5."""
    source = pulses(rng, open_quotient=open_quotient)
    is_open = np.abs(source) > 1e-9
    assert is_open.mean() == pytest.approx(open_quotient, abs=0.02)
    rms = np.sqrt(np.mean(source[is_open] ** 2))
    assert rms == pytest.approx(6.75 * np.sqrt(2 / 15) / 2.5, rel=0.05)


def test_jitter_makes_cycles_differ_in_length(rng):
    """Zero crossings of the flow's derivative follow the cycles."""

    def cycles(jitter):
        source = pulses(rng, jitter=jitter)
        starts = np.flatnonzero((source[:-1] <= 1e-9) & (source[1:] > 1e-9))
        return np.diff(starts)

    assert np.std(cycles(0.0)) < 1
    assert np.std(cycles(0.05)) == pytest.approx(0.05 * 160, rel=0.3)


def test_shimmer_makes_cycles_differ_in_height(rng):
    assert np.std(peaks_of_cycles(pulses(rng))) < 0.01
    heights = peaks_of_cycles(pulses(rng, shimmer=0.2))
    assert np.std(heights) / np.mean(heights) == pytest.approx(0.2, rel=0.3)


def test_breath_is_noise_added_to_the_pulses(rng):
    breath = pulses(rng, breathiness=0.3) - pulses(rng)
    cepstral_peak = np.abs(np.fft.rfft(breath)) ** 2
    assert np.std(breath) > 0.1
    assert cepstral_peak[100::100].mean() < 3 * cepstral_peak.mean(), "no harmonics of 100 Hz"


def test_tilt_falls_by_its_decibels_in_each_octave_above_300_hz(rng):
    levels = []
    for tilt in (0.0, 6.0):
        glottis = Glottis(breathiness=0.0, jitter=0.0, shimmer=0.0, tilt=tilt)
        spectrum = np.abs(np.fft.rfft(say(held(), rng, f0=150.0, glottis=glottis)[1600:-1600]))
        # 0.8 s hold a whole number of cycles: bins are 1.25 Hz wide.
        levels.append(20 * np.log10(spectrum[[120, 240, 480, 960, 1920]]))
    np.testing.assert_allclose(levels[1] - levels[0], [0, 0, -6, -12, -18], atol=0.2)


@pytest.mark.parametrize("colour", [1000.0, 3000.0, 5500.0])
def test_friction_is_noise_around_its_colour(rng, colour):
    hiss = say(held(voicing=0.0, friction=1.0, colour=colour), rng)
    frequencies, power = dsp.welch(hiss, RATE, nperseg=512)
    assert np.average(frequencies, weights=power) == pytest.approx(colour, rel=0.05)


def test_a_closed_mouth_is_silent(rng):
    assert not say(held(voicing=0.0, friction=0.0), rng).any()


@pytest.mark.parametrize("sample_rate", [16_000, 24_000, 48_000])
def test_a_frame_lasts_ten_milliseconds_at_any_rate(rng, sample_rate):
    voice = speak(held(), np.full(N_FRAMES, 120.0), PLAIN, sample_rate=sample_rate, rng=rng)
    assert voice.shape == (sample_rate,)
    assert np.isfinite(voice).all()


@pytest.mark.parametrize(
    ("quality", "message"),
    [
        ({"open_quotient": 0.0}, r"\(0, 1\]. Received: open_quotient=0.0"),
        ({"open_quotient": 1.1}, "Received: open_quotient=1.1"),
        ({"breathiness": -0.1}, "Received: breathiness=-0.1"),
        ({"jitter": 0.3}, "Received: jitter=0.3"),
        ({"shimmer": -0.1}, "shimmer=-0.1"),
    ],
)
def test_an_impossible_voice_is_refused(quality, message):
    with pytest.raises(ParameterError, match=message):
        Glottis(**quality)
