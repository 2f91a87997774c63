import librosa
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from speechsent.features.augment import Augment
from speechsent.features.extraction import speech_frames
from speechsent.features.image import to_image
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc, delta
from speechsent.features.spectrum import n_frames
from speechsent.features.standardize import Standardizer, Statistics

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1_600, 8_000)
widths = st.sampled_from([3, 5, 7, 9])
few = settings(deadline=None, max_examples=30)
many = settings(deadline=None, max_examples=100)


def noise(seed, n_samples):
    """Noise that comes and goes, so that loud and quiet frames alternate."""
    rng = np.random.default_rng(seed)
    envelope = np.repeat(rng.uniform(0.02, 0.3, n_samples // 400 + 1), 400)[:n_samples]
    return (envelope * rng.normal(size=n_samples)).astype(np.float32)


def sequence(seed, n_clips=1, width=4):
    rng = np.random.default_rng(seed)
    return [rng.normal(-30, 9, (rng.integers(1, 30), width)) for _ in range(n_clips)]


@few
@given(seeds, lengths, st.sampled_from([128, 200, 320]))
def test_a_clip_has_a_frame_at_every_hop_and_all_levels_are_finite(seed, n_samples, hop):
    level = LogMel(hop_length=hop)(noise(seed, n_samples))
    assert level.shape == (96, n_frames(n_samples, hop))
    assert np.isfinite(level).all()
    assert np.isfinite(Mfcc()(level)).all()


@few
@given(seeds, lengths, st.floats(-20, 10))
def test_gain_moves_all_levels_and_the_zeroth_coefficient_alone(seed, n_samples, gain_db):
    """A constant c in all of n bands adds c * sqrt(n) to the zeroth coefficient."""
    signal = noise(seed, n_samples)
    before, after = LogMel()(signal), LogMel()(signal * np.float32(10 ** (gain_db / 20)))
    np.testing.assert_allclose(after, before + gain_db, rtol=0, atol=2e-3)
    moved = Mfcc(n_deltas=0)(after) - Mfcc(n_deltas=0)(before)
    np.testing.assert_allclose(moved[:, 0], gain_db * np.sqrt(96), atol=2e-2)
    np.testing.assert_allclose(moved[:, 1:], 0, atol=2e-2)


@few
@given(seeds, lengths, st.integers(0, 5_000))
def test_appended_silence_leaves_the_frames_before_it(seed, n_samples, n_silent):
    signal = noise(seed, n_samples)
    log_mel = LogMel(top_db=200.0)  # the floor may move with the maximum
    short, long = log_mel(signal), log_mel(np.pad(signal, (0, n_silent)))
    # Not bit for bit: a matrix product of more rows may round otherwise, depending on the machine.
    np.testing.assert_allclose(long[:, : short.shape[1]], short, rtol=0, atol=1e-5)


@many
@given(seeds, st.integers(9, 40), widths, st.sampled_from([1, 2]))
def test_slopes_are_librosas(seed, n, width, order):
    values = np.random.default_rng(seed).normal(size=(n, 3))
    expected = librosa.feature.delta(values, width=width, order=order, axis=0)
    np.testing.assert_allclose(delta(values, width=width, order=order), expected, atol=1e-10)


@many
@given(seeds, st.floats(1, 79))
def test_trimming_keeps_every_loud_frame(seed, trim_db):
    rng = np.random.default_rng(seed)
    levels = np.tile(rng.uniform(-80, 0, rng.integers(1, 40)), (8, 1))
    kept = speech_frames(levels, trim_db)
    outside = np.delete(levels[0], np.arange(levels.shape[1])[kept])
    assert (outside < levels.max() - trim_db).all()
    assert levels.argmax(axis=1)[0] in range(levels.shape[1])[kept]


@many
@given(seeds, st.integers(1, 6))
def test_standardised_training_frames_have_mean_zero_and_deviation_one(seed, n_clips):
    clips = [*sequence(seed, n_clips), np.array([[0.0] * 4, [1.0] * 4])]
    pooled = np.concatenate([Statistics.of(clips)(clip) for clip in clips])
    np.testing.assert_allclose(pooled.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(pooled.std(axis=0), 1, atol=1e-4)


@many
@given(seeds, st.sets(st.integers(0, 7), min_size=1, max_size=7))
def test_clips_outside_the_training_set_teach_nothing(seed, train):
    clips = sequence(seed, 8)
    before = Standardizer.fit({"mfcc": clips}, train, "corpus").corpus["mfcc"]
    spoilt = [clip if i in train else clip + 1e6 for i, clip in enumerate(clips)]
    after = Standardizer.fit({"mfcc": spoilt}, train, "corpus").corpus["mfcc"]
    np.testing.assert_array_equal(after.mean, before.mean)
    np.testing.assert_array_equal(after.scale, before.scale)


@many
@given(seeds, st.floats(0, 50))
def test_an_image_holds_grey_values(seed, spread):
    image = to_image(np.random.default_rng(seed).normal(scale=spread, size=(9, 7)))
    assert image.shape == (7, 9, 1)
    assert image.min() >= 0
    assert image.max() <= 1


@many
@given(seeds, st.integers(1, 40), st.integers(0, 5), st.integers(0, 12), st.integers(0, 8))
def test_masks_touch_no_padding_and_hide_no_more_than_asked(seed, n_used, n_masks, frames, bands):
    windows = {"log_mel": np.full((40, 16), -7.0), "mfcc": np.full((40, 5), -7.0)}
    for values in windows.values():
        values[:n_used] = 1
    augment = Augment(
        time_masks=n_masks, time_mask_frames=frames, mel_masks=n_masks, mel_mask_bands=bands
    )
    augment.mask(np.random.default_rng(seed), windows, n_used)
    for values in windows.values():
        assert (values[n_used:] == -7).all()
    assert (windows["mfcc"][:n_used, 0] != 1).sum() <= n_masks * min(frames, n_used // 3)
    assert (windows["log_mel"][:n_used] == 0).any(axis=0).sum() <= n_masks * min(bands, 16 // 3)
