import numpy as np
import pytest

from speechsent.errors import ParameterError
from speechsent.features.augment import Augment
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.voice import add_noise, resample

SAME_VOICE = {"tempo": 0.0, "warp": 0.0}
OFF = {"time_masks": 0, "mel_masks": 0, "gain_db": 0.0, "shift_frames": 0, **SAME_VOICE}


@pytest.fixture
def views(voiced):
    level = LogMel(n_mels=64)(voiced)
    return {"log_mel": np.ascontiguousarray(level.T), "mfcc": Mfcc()(level)}


def augmented(views, seed=0, epoch=0, clip=0, **fields):
    """What a clip looks like in an epoch: the windows and where they start."""
    augment = Augment(**{"noise": 0.5, **fields})
    rng = np.random.default_rng([seed, epoch, clip])
    changed = augment.signal(rng, views, mfcc=Mfcc(), n_mels=64)
    first = augment.start(rng, len(changed["mfcc"]), 30)
    windows = {view: values[first : first + 30].copy() for view, values in changed.items()}
    augment.mask(rng, windows, 30)
    return windows


def test_a_clip_repeats_within_its_epoch(views):
    first, second = augmented(views, epoch=3, clip=7), augmented(views, epoch=3, clip=7)
    for view in views:
        np.testing.assert_array_equal(first[view], second[view])


@pytest.mark.parametrize("other", [{"epoch": 1}, {"clip": 1}, {"seed": 1}])
def test_a_clip_differs_from_epoch_to_epoch_and_from_other_clips(views, other):
    first, second = augmented(views), augmented(views, **other)
    for view in views:
        assert (first[view] != second[view]).mean() > 0.5


def test_the_stored_features_are_not_changed(views):
    before = {view: values.copy() for view, values in views.items()}
    for epoch in range(5):
        augmented(views, epoch=epoch)
    for view in views:
        np.testing.assert_array_equal(views[view], before[view])


def test_everything_switched_off_changes_nothing(views, rng):
    augment = Augment(**OFF)
    changed = augment.signal(rng, views, mfcc=Mfcc(), n_mels=64)
    assert augment.start(rng, 51, 51) == 0
    augment.mask(rng, changed, 51)
    for view in views:
        np.testing.assert_array_equal(changed[view], views[view])


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_both_views_hear_the_same_gain_and_noise(views, rng, noise):
    changed = Augment(gain_db=6.0, noise=noise, **SAME_VOICE).signal(
        rng, views, mfcc=Mfcc(), n_mels=64
    )
    assert np.abs(changed["log_mel"] - views["log_mel"]).max() > 0.1
    np.testing.assert_allclose(changed["mfcc"], Mfcc()(changed["log_mel"].T), rtol=0, atol=2e-3)


def test_the_gain_keeps_to_its_limits_and_reaches_both(views):
    augment = Augment(gain_db=3.0, **SAME_VOICE)
    gains = [
        np.mean(augment.signal(np.random.default_rng(i), views, mfcc=Mfcc(), n_mels=64)["log_mel"])
        - np.mean(views["log_mel"])
        for i in range(200)
    ]
    assert -3.001 <= min(gains) < -2.5
    assert 2.5 < max(gains) <= 3.001


def test_the_cepstrum_alone_hears_the_same_gain_as_beside_its_spectrum(views):
    """Without the spectrum the number of mel bands decides how far a decibel moves c0."""
    alone = {"mfcc": views["mfcc"]}
    augment = Augment(gain_db=6.0, **SAME_VOICE)
    both = augment.signal(np.random.default_rng(1), views, mfcc=Mfcc(), n_mels=64)
    one = augment.signal(np.random.default_rng(1), alone, mfcc=Mfcc(), n_mels=64)
    np.testing.assert_array_equal(one["mfcc"], both["mfcc"])


def test_gain_moves_the_energy_of_prosody_and_nothing_else(views):
    prosody = {**views, "prosody": np.zeros((51, 6), np.float32)}
    changed = Augment(gain_db=6.0, **SAME_VOICE).signal(
        np.random.default_rng(1), prosody, mfcc=Mfcc(), n_mels=64
    )
    gain = np.mean(changed["log_mel"] - views["log_mel"])
    np.testing.assert_allclose(changed["prosody"][:, 2], gain, rtol=1e-4)
    assert not changed["prosody"][:, [0, 1, 3, 4, 5]].any()


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 30.0])
def test_noise_has_the_power_asked_for(views, rng, snr_db):
    """Powers add, so the noise is what is left after the clip's power is taken away."""
    clip = 10 ** (views["log_mel"].astype(float) / 10)
    noise = 10 ** (add_noise(rng, views["log_mel"], snr_db).astype(float) / 10) - clip
    assert 10 * np.log10(clip.mean() / noise.mean()) == pytest.approx(snr_db, abs=0.01)


def test_both_views_speak_with_the_same_new_voice(views):
    augment = Augment(tempo=0.2, warp=0.2, gain_db=0.0)
    changed = augment.signal(np.random.default_rng(4), views, mfcc=Mfcc(), n_mels=64)
    assert len(changed["log_mel"]) != 51
    np.testing.assert_allclose(changed["mfcc"], Mfcc()(changed["log_mel"].T), rtol=0, atol=1e-4)


def test_tempo_changes_the_length_and_keeps_to_its_limits(views):
    augment = Augment(tempo=0.2)
    lengths = {
        len(augment.signal(np.random.default_rng(i), views, mfcc=Mfcc(), n_mels=64)["mfcc"])
        for i in range(100)
    }
    assert min(lengths) in (42, 43)  # 51 / exp(0.2) = 41.8
    assert max(lengths) in (61, 62)  # 51 * exp(0.2) = 62.3


@pytest.mark.parametrize("warp", [0.9, 1.0, 1.2])
def test_warping_moves_a_resonance_by_its_factor(warp):
    bands = np.arange(64)
    level = np.exp(-(((bands - 30) / 3) ** 2))[None].repeat(5, axis=0)
    assert resample(level, warp=warp)[0].argmax() == round(30 / warp)


def test_a_warped_voice_has_another_pitch_where_it_has_one(views):
    prosody = np.zeros((51, 6), np.float32)
    prosody[:20, 0] = 1.5  # octaves; unvoiced from frame 20 on
    augment = Augment(warp=0.2, tempo=0.0)
    spoken = {**views, "prosody": prosody}
    pitch = augment.signal(np.random.default_rng(3), spoken, mfcc=Mfcc(), n_mels=64)["prosody"]
    assert 0.01 < abs(pitch[0, 0] - 1.5) <= 0.2 / np.log(2)
    assert not pitch[20:, 0].any()


def test_at_another_tempo_prosody_moves_faster_or_slower(views):
    """Energy that rises by 2 dB a frame rises by 2 dB times the tempo; by hand."""
    prosody = np.zeros((51, 6), np.float32)
    prosody[:, 2], prosody[:, 5] = 2.0 * np.arange(51), 2.0
    spoken = {**views, "prosody": prosody}
    augment = Augment(**OFF | {"tempo": 0.5})
    changed = augment.signal(np.random.default_rng(1), spoken, mfcc=Mfcc(), n_mels=64)["prosody"]
    rise = (changed[20, 2] - changed[10, 2]) / 10
    assert abs(rise - 2) > 0.2
    np.testing.assert_allclose(changed[6:-6, 5], rise, rtol=1e-4)


def test_a_warped_voice_leaves_the_stored_pitch_as_it_is(views):
    prosody = np.full((51, 6), 1.5, np.float32)
    prosody.flags.writeable = False  # as features that lie on disk are
    spoken = {**views, "prosody": prosody}
    for augment in (Augment(**OFF | {"warp": 0.2}), Augment(**OFF, noise=1.0)):
        augment.signal(np.random.default_rng(3), spoken, mfcc=Mfcc(), n_mels=64)
    assert (prosody == 1.5).all()


def test_noise_is_added_as_often_as_asked(views):
    augment = Augment(**OFF, noise=0.3)
    noisy = sum(
        not np.array_equal(
            augment.signal(np.random.default_rng(i), views, mfcc=Mfcc(), n_mels=64)["log_mel"],
            views["log_mel"],
        )
        for i in range(300)
    )
    assert 60 < noisy < 120  # four deviations of 7.9 about 90


def ones(n_frames=60, n_used=45):
    """Windows of ones; the padding behind the frames in use is marked with -7."""
    windows = {"log_mel": np.ones((n_frames, 64)), "mfcc": np.ones((n_frames, 13))}
    for values in windows.values():
        values[n_used:] = -7
    return windows


def test_time_masks_keep_to_their_limits_and_reach_all_views():
    longest = 0
    for seed in range(100):
        windows = ones()
        Augment(**OFF | {"time_masks": 1, "time_mask_frames": 10}).mask(
            np.random.default_rng(seed), windows, 45
        )
        hidden = np.flatnonzero(windows["mfcc"][:45, 0] != 1)
        longest = max(longest, len(hidden))
        assert len(hidden) == 0 or np.ptp(hidden) == len(hidden) - 1
        np.testing.assert_array_equal(windows["mfcc"] == 1, (windows["log_mel"] == 1)[:, :13])
    assert longest == 10


def test_mel_masks_keep_to_their_limits_and_leave_the_cepstrum():
    widest = 0
    for seed in range(100):
        windows = ones()
        Augment(**OFF | {"mel_masks": 1, "mel_mask_bands": 6}).mask(
            np.random.default_rng(seed), windows, 45
        )
        hidden = np.flatnonzero(windows["log_mel"][0] == 0)
        widest = max(widest, len(hidden))
        assert len(hidden) == 0 or np.ptp(hidden) == len(hidden) - 1
        np.testing.assert_array_equal(windows["mfcc"], ones()["mfcc"])
    assert widest == 6


def test_a_short_clip_loses_at_most_a_third_to_a_mask():
    hidden = []
    for seed in range(100):
        windows = ones(n_used=9)
        Augment(**OFF | {"time_masks": 1}).mask(np.random.default_rng(seed), windows, 9)
        hidden.append((windows["mfcc"][:9, 0] != 1).sum())
    assert max(hidden) == 3


def test_masks_never_touch_the_padding_and_never_look_like_it():
    """All-zero frames are padding to the LSTM."""
    for seed in range(100):
        windows = ones()
        Augment(time_masks=5).mask(np.random.default_rng(seed), windows, 45)
        for values in windows.values():
            assert (values[45:] == -7).all()
        assert windows["mfcc"][:45].any(axis=1).all()


@pytest.mark.parametrize(
    ("n_frames", "n_window", "latest"), [(100, 60, 40), (60, 60, 8), (20, 60, 5), (1, 60, 0)]
)
def test_a_window_starts_wherever_it_fits_or_near_the_beginning(n_frames, n_window, latest):
    augment = Augment(shift_frames=8)
    starts = {augment.start(np.random.default_rng(i), n_frames, n_window) for i in range(500)}
    assert starts == set(range(latest + 1))


def test_mixup_of_zero_mixes_nothing(rng):
    assert Augment(mixup=0.0).mix(rng, 8) is None


def test_mixed_targets_sum_to_one_and_lean_to_their_own_clip(rng):
    partner, weight = Augment(mixup=0.4).mix(rng, 64)
    targets = np.eye(4)[rng.integers(4, size=64)]
    mixed = weight[:, None] * targets + (1 - weight[:, None]) * targets[partner]
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, atol=1e-6)
    assert sorted(partner) == list(range(64))
    assert (weight >= 0.5).all()
    assert weight.min() < 0.7
    assert weight.max() <= 1


@pytest.mark.parametrize(
    "fields",
    [
        {"time_masks": -1},
        {"time_mask_frames": -1},
        {"mel_masks": -1},
        {"mel_mask_bands": -1},
        {"shift_frames": -1},
        {"time_masks": 101},
        {"mel_masks": 101},
        {"gain_db": -1.0},
        {"gain_db": 101.0},
        {"gain_db": np.nan},
        {"noise_snr_db": -101.0},
        {"noise_snr_db": 101.0},
        {"mixup": -0.1},
        {"noise": 1.1},
        {"noise": np.nan},
    ],
)
def test_a_parameter_out_of_range_is_refused(fields):
    name, value = next(iter(fields.items()))
    with pytest.raises(ParameterError, match=f"{name}.*Received: .*{name}={value}"):
        Augment(**fields)


def test_a_cepstrum_that_is_not_given_is_made_of_the_spectrum_that_was_moved(rng):
    """Also by a draw that moves nothing; and what was given stays as it is."""
    level = rng.normal(-40, 10, (60, 64)).astype(np.float32)
    given = level.copy()
    for augment in (Augment(), Augment(tempo=0, warp=0, noise=0, gain_db=0)):
        both = {"log_mel": level, "mfcc": Mfcc()(level.T)}
        options = {"mfcc": Mfcc(), "n_mels": 64}
        expected = augment.signal(np.random.default_rng(5), both, **options)
        found = augment.signal(
            np.random.default_rng(5), {"log_mel": level}, **options, wanted=("mfcc",)
        )
        assert list(found) == ["mfcc"]
        np.testing.assert_array_equal(found["mfcc"], expected["mfcc"])
    np.testing.assert_array_equal(level, given)


@pytest.mark.parametrize("n_frames", [1, 5, 12, 31, 60, 400])
@pytest.mark.parametrize("fields", [{}, SAME_VOICE, {"noise": 1.0}, {"tempo": 0.0}], ids=str)
@pytest.mark.parametrize("given", [("log_mel", "prosody"), ("log_mel", "mfcc", "prosody")])
def test_a_window_is_what_the_whole_clip_in_that_voice_shows_there(rng, n_frames, fields, given):
    level = rng.normal(-40, 10, (n_frames, 64)).astype("f4")
    clip = {
        "log_mel": level,
        "mfcc": Mfcc()(level.T),
        "prosody": np.abs(rng.normal(1, 1, (n_frames, 6))).astype("f4"),
    }
    clip = {view: clip[view] for view in given}
    augment, wanted = Augment(**fields), ("log_mel", "mfcc", "prosody")
    how = {"mfcc": Mfcc(), "n_mels": 64, "wanted": wanted}
    for seed in range(25):
        here, there = np.random.default_rng(seed), np.random.default_rng(seed)
        found = augment.window(here, clip, 30, **how)
        whole = augment.signal(there, clip, **how)
        first = augment.start(there, len(whole["mfcc"]), 30)
        for view in wanted:
            expected = whole[view][first : first + 30]
            np.testing.assert_allclose(found[view], expected, rtol=0, atol=1e-3)
        assert here.random() == there.random()  # as much was drawn


def test_of_a_long_clip_only_what_the_window_shows_is_computed(rng, monkeypatch):
    level = rng.normal(-40, 10, (3000, 64)).astype("f4")
    level[100:] = np.nan  # whoever reads it is told so
    monkeypatch.setattr(Augment, "start", lambda *_: 0)
    for seed in range(10):
        window = Augment().window(
            np.random.default_rng(seed),
            {"log_mel": level},
            30,
            mfcc=Mfcc(),
            n_mels=64,
            wanted=("log_mel", "mfcc"),
        )
        assert all(len(values) == 30 and np.isfinite(values).all() for values in window.values())
