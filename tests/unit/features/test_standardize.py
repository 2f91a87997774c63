import zipfile

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from speechsent.errors import ParameterError, RunError
from speechsent.features.standardize import SMALLEST, Standardizer, Statistics

SPEAKERS = ["a", "a", "b", "b", None]


@pytest.fixture
def views(rng):
    """Five clips of two views; the level differs from clip to clip."""
    return {
        view: [
            rng.normal(loc=-40 + 9 * i, scale=3, size=(10 + i, width)).astype(np.float32)
            for i in range(5)
        ]
        for view, width in {"log_mel": 6, "mfcc": 4}.items()
    }


def assert_equal(found, expected):
    np.testing.assert_array_equal(found.mean, expected.mean)
    np.testing.assert_array_equal(found.scale, expected.scale)


def test_statistics_are_those_of_all_frames_together(views):
    clips = views["mfcc"]
    expected = StandardScaler().fit(np.concatenate(clips).astype(float))
    statistics = Statistics.of(clips)
    np.testing.assert_allclose(statistics.mean, expected.mean_, rtol=1e-6)
    np.testing.assert_allclose(statistics.scale, expected.scale_, rtol=1e-6)
    np.testing.assert_allclose(statistics(clips[2]), expected.transform(clips[2]), atol=1e-4)


def test_a_coefficient_that_never_moves_is_centred_only():
    statistics = Statistics.of([np.full((5, 2), 7.0, np.float32)])
    np.testing.assert_array_equal(statistics.scale, np.float32(SMALLEST))
    np.testing.assert_array_equal(statistics(np.full((3, 2), 7.0)), 0.0)


def test_no_clip_gives_no_statistics():
    with pytest.raises(ParameterError, match="at least one clip"):
        Statistics.of([])


def test_only_the_training_clips_are_learnt_from(views):
    before = Standardizer.fit(views, [0, 2], "corpus")
    for clips in views.values():
        for i in (1, 3, 4):
            clips[i] = clips[i] * 1_000
    after = Standardizer.fit(views, [0, 2], "corpus")
    for view, clips in views.items():
        assert_equal(after.corpus[view], before.corpus[view])
        assert_equal(after.corpus[view], Statistics.of([clips[0], clips[2]]))


def test_every_clip_gets_the_corpus_statistics(views):
    standardizer = Standardizer.fit(views, [0, 2], "corpus")
    for view, chosen in standardizer.per_clip(views, SPEAKERS).items():
        assert len(chosen) == len(SPEAKERS)
        for statistics in chosen:
            assert_equal(statistics, standardizer.corpus[view])


def test_a_speakers_statistics_come_from_that_speakers_clips_only(views):
    standardizer = Standardizer.fit(views, [0], "speaker")
    chosen = standardizer.per_clip(views, SPEAKERS)
    for view, clips in views.items():
        for i in (0, 1):
            assert_equal(chosen[view][i], Statistics.of(clips[:2]))
        for i in (2, 3):
            assert_equal(chosen[view][i], Statistics.of(clips[2:4]))


def test_every_clip_is_fetched_once_for_the_speakers(views):
    """Features lie on disk; fetched once for each speaker, a large corpus would take minutes."""

    class Fetched(list):
        def __getitem__(self, index):
            fetched.append(index)
            return super().__getitem__(index)

        def __iter__(self):
            return (self[i] for i in range(len(self)))

    fetched = []
    fitted = Standardizer.fit(views, range(3), "speaker")
    fitted.per_clip({"mfcc": Fetched(views["mfcc"])}, SPEAKERS)
    assert sorted(fetched) == [0, 1, 2, 3]


def test_an_unknown_speaker_gets_the_training_statistics(views):
    standardizer = Standardizer.fit(views, [0, 1], "speaker")
    for view, chosen in standardizer.per_clip(views, SPEAKERS).items():
        assert_equal(chosen[4], standardizer.corpus[view])


def test_an_unknown_scope_is_refused(views):
    with pytest.raises(ParameterError, match="Received: 'clip'"):
        Standardizer.fit(views, [0], "clip")


@pytest.mark.parametrize("scope", ["corpus", "speaker"])
def test_what_is_saved_is_loaded(tmp_path, views, scope):
    saved = Standardizer.fit(views, [0, 1, 2], scope)
    saved.save(tmp_path / "statistics.npz")
    loaded = Standardizer.load(tmp_path / "statistics.npz")
    assert loaded.scope == scope
    assert set(loaded.corpus) == set(views)
    for view in views:
        assert_equal(loaded.corpus[view], saved.corpus[view])


@pytest.fixture
def file(tmp_path, views):
    path = tmp_path / "statistics.npz"
    Standardizer.fit(views, [0], "corpus").save(path)
    return path


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RunError, match=r"gone\.npz"):
        Standardizer.load(tmp_path / "gone.npz")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 and no more", b"\x93NUMPY"])
def test_another_file_is_refused(file, content):
    file.write_bytes(content)
    with pytest.raises(RunError, match="not a file of feature statistics"):
        Standardizer.load(file)


def test_a_lone_array_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(3))
    with pytest.raises(RunError, match="not a file of feature statistics"):
        Standardizer.load(tmp_path / "a.npy")


def test_a_file_cut_anywhere_is_refused(file):
    content = file.read_bytes()
    for length in range(0, len(content), 97):
        file.write_bytes(content[:length])
        with pytest.raises(RunError, match="not a file of feature statistics"):
            Standardizer.load(file)


def test_a_changed_byte_is_refused_or_changes_nothing(file, rng):
    """The archive's checksums tell; some bytes, such as dates, mean nothing."""
    content, whole = file.read_bytes(), Standardizer.load(file)
    refused = 0
    for position in rng.integers(len(content), size=150):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        try:
            loaded = Standardizer.load(file)
        except RunError:
            refused += 1
        else:
            for view, statistics in loaded.corpus.items():
                assert_equal(statistics, whole.corpus[view])
    assert refused > 75


GOOD = np.ones(3, np.float32)


@pytest.mark.parametrize(
    ("mean", "scale"),
    [
        (GOOD * np.nan, GOOD),
        (GOOD, GOOD * np.inf),
        (GOOD, GOOD * 0),
        (GOOD, -GOOD),
        (GOOD, np.ones(4, np.float32)),
        (np.array(["a"]), np.array(["b"])),
    ],
    ids=["NaN mean", "infinite scale", "zero scale", "negative scale", "two widths", "words"],
)
def test_values_that_cannot_be_used_are_refused(tmp_path, mean, scale):
    np.savez(tmp_path / "s.npz", **{"scope": "corpus", "mfcc/mean": mean, "mfcc/scale": scale})
    with pytest.raises(RunError, match="not finite or not positive"):
        Standardizer.load(tmp_path / "s.npz")


def test_an_unknown_scope_in_a_file_is_refused(tmp_path):
    np.savez(tmp_path / "s.npz", **{"scope": "clip", "mfcc/mean": GOOD, "mfcc/scale": GOOD})
    with pytest.raises(RunError, match="unknown scope 'clip'"):
        Standardizer.load(tmp_path / "s.npz")


def test_a_pickled_object_is_not_opened(tmp_path):
    np.savez(tmp_path / "s.npz", scope=np.array([object()]))
    with pytest.raises(RunError, match="not a file of feature statistics"):
        Standardizer.load(tmp_path / "s.npz")


def test_statistics_are_as_wide_as_the_features(file, views):
    """One value would be taken for all coefficients without a word."""
    widths = {view: clips[0].shape[1] for view, clips in views.items()}
    assert Standardizer.load(file, widths).corpus.keys() == widths.keys()
    for view in views:
        with pytest.raises(RunError, match=f"no statistics of 1 values for {view}"):
            Standardizer.load(file, widths | {view: 1})
    with pytest.raises(RunError, match="no statistics of 6 values for prosody"):
        Standardizer.load(file, widths | {"prosody": 6})


def test_an_archive_that_grows_is_not_unpacked(file):
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more.npy", bytes(17 << 20))
    assert file.stat().st_size < 100_000
    with pytest.raises(RunError, match="unpacks to more than 16 MiB"):
        Standardizer.load(file)
