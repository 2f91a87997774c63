from dataclasses import replace

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel

from speechsent.branches.functionals import ANSWER, FunctionalsConfig, describing
from speechsent.clips import Clips
from speechsent.datasets import TrainingOptions
from speechsent.errors import TrainingError
from speechsent.features.augment import Augment
from speechsent.features.standardize import Statistics
from speechsent.training import functional_rows, kernel_ridge
from speechsent.training import functionals as module
from speechsent.training.functionals import Functionals, solve
from speechsent.training.inference import clip_outputs

N_BANDS, N_FRAMES = 8, 24
HERTZ = np.linspace(0, 8000, N_BANDS)
PLAIN = Statistics(np.zeros(N_BANDS, "float32"), np.ones(N_BANDS, "float32"))


def clips_of(rng, speakers, *, voice=0.0, n=8):
    """Of each speaker ``n`` clips that rise, fall or stay; a voice is a level of its own."""
    views, classes, who = [], [], []
    for speaker in speakers:
        level = voice * rng.standard_normal(N_BANDS)
        for i in range(n):
            slope = np.linspace(-1, 1, N_FRAMES)[:, None] * (i % 3 - 1)
            noise = 0.3 * rng.standard_normal((N_FRAMES, N_BANDS))
            views.append((slope + level + noise).astype("float32"))
            classes.append(i % 3)
            who.append(speaker)
    count = len(views)
    return Clips(
        views={"log_mel": views},
        statistics={"log_mel": [PLAIN] * count},
        classes=np.array(classes),
        n_classes=3,
        n_window=N_FRAMES,
        ids=tuple(map(str, range(count))),
        speakers=tuple(who),
    )


def solved(clips, *, by_speaker=False, options=None, **how):
    config = FunctionalsConfig(filters=40, **{"copies": 0, **how})
    model = config.build((N_BANDS, N_FRAMES), 3, hertz=HERTZ)
    functionals = Functionals(model, config, 0.5)
    how = options or TrainingOptions()
    solve(functionals, clips, how, describing(model), by_speaker=by_speaker)
    return model


def test_new_speakers_are_told_right(rng):
    model = solved(clips_of(rng, "abcd", voice=1.0))
    new = clips_of(rng, "xy", voice=1.0)
    assert (clip_outputs(model, new).argmax(axis=1) == new.classes).mean() > 0.9


def test_copies_of_a_clip_are_never_apart_from_it(rng):
    clips = clips_of(rng, "abc")
    config = FunctionalsConfig(filters=40, copies=2)
    options = TrainingOptions(augment=Augment(), n_mels=N_BANDS)
    model = describing(config.build((N_BANDS, N_FRAMES), 3, hertz=HERTZ))
    values, rows = functional_rows.rows_of(model, clips, options, config)
    assert len(values) == 3 * len(clips)
    np.testing.assert_array_equal(rows.groups, np.tile(np.repeat([0, 1, 2], 8), 3))
    assert rows.own.sum() == len(clips)
    assert len(set(rows.takes.tolist())) == 9  # three speakers, each as they are and twice changed


def test_copies_differ_from_the_clip(rng):
    clips = clips_of(rng, "ab")
    options = TrainingOptions(augment=Augment(), n_mels=N_BANDS)
    config = FunctionalsConfig(filters=40, copies=1)
    model = describing(config.build((N_BANDS, N_FRAMES), 3, hertz=HERTZ))
    values, rows = functional_rows.rows_of(model, clips, options, config)
    assert not np.allclose(values[rows.own], values[~rows.own])


def test_a_clip_of_several_windows_counts_as_one(rng):
    clips = clips_of(rng, "ab")
    long = replace(clips, n_window=N_FRAMES // 2)
    config = FunctionalsConfig(filters=40, copies=0)
    model = describing(config.build((N_BANDS, N_FRAMES // 2), 3, hertz=HERTZ))
    _, rows = functional_rows.rows_of(model, long, TrainingOptions(class_weights=False), config)
    assert len(rows.weights) > len(clips)
    assert rows.weights.sum() == pytest.approx(len(clips))


@pytest.mark.parametrize("speakers", [(None,) * 4, ("one",) * 4, ()])
def test_without_two_known_speakers_clips_are_left_out_in_parts(rng, speakers):
    clips = replace(clips_of(rng, "a", n=4), speakers=speakers)
    assert len(set(functional_rows._groups(clips).tolist())) == 4


def test_too_many_clips_are_drawn_from(rng, monkeypatch):
    monkeypatch.setattr(functional_rows, "MAX_ROWS", 20)
    clips = clips_of(rng, "abcdef")
    drawn = functional_rows.enough(FunctionalsConfig(), clips, seed=0)
    assert len(drawn) == 20
    assert sorted(np.bincount(drawn.classes).tolist()) == [6, 7, 7]
    long = replace(clips, n_window=N_FRAMES // 2)  # three windows of each clip
    assert len(functional_rows.enough(FunctionalsConfig(), long, seed=0)) == 6
    model = solved(clips, copies=2, options=TrainingOptions(augment=Augment(), n_mels=N_BANDS))
    assert np.isfinite(model.get_layer(ANSWER).get_weights()[0]).all()


def test_by_speaker_a_voice_says_nothing(rng):
    """Where every speaker has one emotion more often, a voice tells it, unless it is taken out."""
    clips = clips_of(rng, "abcd", voice=3.0)
    values = np.arange(8.0)[:, None]
    module._centre(values, np.array([0, 0, 0, 0, 1, 1, 1, 1]), values.mean(axis=0))
    np.testing.assert_allclose(values[:, 0], [-1.5, -0.5, 0.5, 1.5] * 2)
    model = solved(clips, by_speaker=True)
    new = clips_of(rng, "xy", voice=3.0)
    logits = clip_outputs(model, new)
    for speaker in "xy":
        own = np.array(new.speakers) == speaker
        logits[own] -= logits[own].mean(axis=0)
    assert (logits.argmax(axis=1) == new.classes).mean() > 0.9


@pytest.mark.parametrize("speakers", [(None,) * 24, ()])
def test_by_speaker_nothing_is_taken_out_where_nobody_is_known(rng, speakers):
    """Their answers are not centred either, so what is solved is what it is without."""
    clips = replace(clips_of(rng, "abc"), speakers=speakers)
    own, without = (solved(clips, by_speaker=how).get_layer(ANSWER) for how in (True, False))
    for a, b in zip(own.get_weights(), without.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_by_speaker_a_single_speaker_is_one_take(rng):
    clips = clips_of(rng, "a", n=20)
    takes = functional_rows._takes(clips, np.arange(20), np.zeros(20, int))
    assert set(takes.tolist()) == {0}


def test_the_same_seed_gives_the_same_answer(rng):
    clips = clips_of(rng, "abc")
    one, other = (solved(clips).get_layer(ANSWER).get_weights() for _ in range(2))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_by_likeness_the_answer_is_that_of_kernel_ridge_regression(rng, monkeypatch):
    """Against scikit-learn on the same statistics, along as many directions as they have."""
    monkeypatch.setattr(module, "LIKENESS_STRENGTHS", (0.05,))
    monkeypatch.setattr(kernel_ridge, "fitting_scale", lambda *_: (0.0, 1.0))
    clips = clips_of(rng, "abc")
    model = solved(clips, likeness=24, options=TrainingOptions(class_weights=False))
    new = clips_of(rng, "xy")
    known, asked = (clip_outputs(describing(model), some) for some in (clips, new))
    mean, deviation = known.mean(axis=0), known.std(axis=0)
    varies = deviation > 1e-6
    known, asked = ((v - mean)[:, varies] / deviation[varies] for v in (known, asked))
    span = np.linalg.svd(known)[2][:23]  # 24 clips less their mean have 23 directions
    asked = asked @ span.T @ span
    gamma = kernel_ridge.NEARNESS / len(mean)
    ridge = KernelRidge(alpha=0.05, kernel="precomputed")
    ridge.fit(rbf_kernel(known, gamma=gamma) + 1, np.eye(3)[clips.classes] - 1 / 3)
    expected = ridge.predict(rbf_kernel(asked, known, gamma=gamma) + 1)
    np.testing.assert_allclose(clip_outputs(model, new), expected, atol=2e-3)
    assert np.abs(expected).max() > 0.1


def test_by_likeness_new_clips_of_known_speakers_are_told_right(rng):
    both = clips_of(rng, "abc", voice=1.0, n=16)
    odd = np.arange(len(both)) // 3 % 2 == 1
    model = solved(both.subset(np.flatnonzero(~odd).tolist()), likeness=8)
    new = both.subset(np.flatnonzero(odd).tolist())
    assert (clip_outputs(model, new).argmax(axis=1) == new.classes).mean() > 0.9


def test_by_likeness_clips_are_left_out_whoever_speaks(rng):
    clips = clips_of(rng, "abc")
    config = FunctionalsConfig(filters=40, copies=1, likeness=4)
    options = TrainingOptions(augment=Augment(), n_mels=N_BANDS)
    model = describing(config.build((N_BANDS, N_FRAMES), 3, hertz=HERTZ))
    _, rows = functional_rows.rows_of(model, clips, options, config)
    np.testing.assert_array_equal(rows.groups, np.tile(np.arange(len(clips)) % 10, 2))


def test_more_windows_than_likeness_can_hold_are_refused(rng, monkeypatch):
    monkeypatch.setattr(functional_rows, "MAX_CENTRES", 10)
    with pytest.raises(TrainingError, match=r"10 windows at most.*has 24"):
        solved(clips_of(rng, "abc"), likeness=4)
