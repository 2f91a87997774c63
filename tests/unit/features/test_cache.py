import os
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from speechsent.audio import AudioConfig
from speechsent.corpus.utterance import Utterance
from speechsent.features import cache as cache_module
from speechsent.features.cache import FeatureCache, clip_key, view_key
from speechsent.features.extraction import VIEWS, Extractor
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.prosody import Prosody

CHANGES = {
    "audio": (AudioConfig, {"sample_rate": 8_000, "min_seconds": 0.2, "max_seconds": 60.0}),
    "log_mel": (
        LogMel,
        {
            "sample_rate": 22_050,
            "n_fft": 2_048,
            "hop_length": 160,
            "n_mels": 40,
            "fmin": 20.0,
            "fmax": 7_999.0,
            "top_db": 80.000001,
        },
    ),
    "mfcc": (Mfcc, {"n_mfcc": 13, "n_deltas": 1, "width": 7}),
    "prosody": (
        Prosody,
        {"sample_rate": 8_000, "hop_length": 160, "fmin": 66.0, "fmax": 400.0},
    ),
}
MISSING = {"audio": set(VIEWS), "log_mel": set(VIEWS), "mfcc": {"mfcc"}, "prosody": {"prosody"}}
EXTRACTOR = Extractor()


def changed_views(extractor):
    return {v for v in VIEWS if view_key(extractor, v) != view_key(Extractor(), v)}


def key(number):
    return bytes([number]) * 32


def values(number, n_frames=5):
    return np.full((n_frames, 4), number, np.float32)


def add(cache, *numbers, age=0.0, n_frames=5):
    """Keep clips of these numbers in one pack, last used ``age`` seconds ago."""
    pack = cache.add(
        EXTRACTOR, "mfcc", [key(n) for n in numbers], [values(n, n_frames) for n in numbers], {}
    )
    used = time.time() - age
    os.utime(pack.path, (used, used))
    return pack.path


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "features")


@pytest.mark.parametrize("part", CHANGES)
def test_every_parameter_of_a_part_is_tried(part):
    kind, changes = CHANGES[part]
    assert {field.name for field in fields(kind)} == set(changes)


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [(part, *change) for part, (_, changes) in CHANGES.items() for change in changes.items()],
)
def test_a_changed_parameter_misses_in_the_views_it_matters_for(part, name, value):
    changed = replace(Extractor(), **{part: replace(getattr(Extractor(), part), **{name: value})})
    assert changed_views(changed) == MISSING[part]


def test_changed_trimming_misses_and_other_views_beside_it_do_not():
    assert changed_views(Extractor(trim_db=30.0)) == set(VIEWS)
    assert changed_views(Extractor(views=("prosody",))) == set()


def test_every_part_of_the_extractor_belongs_to_a_view():
    """A part added later must not be forgotten here."""
    known = {part for parts in cache_module.PARTS.values() for part in parts}
    assert known == {field.name for field in fields(Extractor)} - {"views"}
    assert set(cache_module.PARTS) == set(VIEWS)


def test_another_format_misses(monkeypatch):
    before = {view: view_key(Extractor(), view) for view in VIEWS}
    monkeypatch.setattr(cache_module, "FORMAT", cache_module.FORMAT + 1)
    assert all(view_key(Extractor(), view) != before[view] for view in VIEWS)


def test_a_clip_is_its_audio_and_its_stretch_and_nothing_else():
    clip = Utterance(path=Path("a.wav"), emotion="anger", start=0.5, end=2.0)
    relabelled = replace(clip, path=Path("b.flac"), emotion="joy", speaker="x/1", part="test")
    assert clip_key("ab", clip) == clip_key("ab", relabelled)
    others = [clip_key("ac", clip), clip_key("ab", replace(clip, start=0.25))]
    others += [clip_key("ab", replace(clip, end=end)) for end in (None, 2.000001)]
    assert len({clip_key("ab", clip), *others}) == 5
    assert {len(k) for k in others} == {32}


def test_kept_clips_are_found_across_packs(cache):
    add(cache, 1, 2)
    add(cache, 3)
    places = cache.find(EXTRACTOR, "mfcc", [key(n) for n in (3, 1, 9)])
    assert set(places) == {key(1), key(3)}
    for n in (1, 3):
        pack, place = places[key(n)]
        np.testing.assert_array_equal(pack[place], values(n))
    assert cache.find(EXTRACTOR, "log_mel", [key(1)]) == {}
    assert cache.find(Extractor(trim_db=20.0), "mfcc", [key(1)]) == {}


def test_a_damaged_pack_is_deleted_and_its_neighbours_are_used(cache):
    bad, good = add(cache, 1), add(cache, 2)
    bad.write_bytes(bad.read_bytes()[:60])
    assert set(cache.find(EXTRACTOR, "mfcc", [key(1), key(2)])) == {key(2)}
    assert (bad.exists(), good.exists()) == (False, True)


def test_a_damaged_pack_that_cannot_be_deleted_is_passed_over(cache, monkeypatch):
    bad = add(cache, 1)
    bad.write_bytes(b"")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    assert cache.find(EXTRACTOR, "mfcc", [key(1)]) == {}


def test_what_is_no_finished_pack_is_never_read(cache):
    whole = add(cache, 1)
    whole.rename(whole.with_name(".writing-abc"))
    whole.with_name("folder.pack").mkdir()
    assert cache.find(EXTRACTOR, "mfcc", [key(1)]) == {}
    assert whole.with_name(".writing-abc").exists()


def test_info_counts_packs_and_bytes(cache):
    assert (cache.info().n_packs, cache.info().n_bytes) == (0, 0)
    paths = [add(cache, 1, 2), add(cache, 3)]
    assert cache.info().n_packs == 2
    assert cache.info().n_bytes == sum(path.stat().st_size for path in paths)
    assert cache.info().folder == cache.folder


def test_packs_longest_unused_are_deleted_first(cache):
    middle, oldest, newest = add(cache, 1, age=20), add(cache, 2, age=30), add(cache, 3, age=10)
    size = newest.stat().st_size
    assert cache.prune(2 * size).n_packs == 2
    assert not oldest.exists()
    assert cache.prune(2 * size - 1).n_bytes == size
    assert (middle.exists(), newest.exists()) == (False, True)
    assert cache.prune(0).n_bytes == 0


def test_finding_a_clip_counts_as_use_of_its_pack_alone(cache):
    used, unused = add(cache, 1, age=30), add(cache, 2, age=20)
    cache.find(EXTRACTOR, "mfcc", [key(1)])
    cache.prune(used.stat().st_size)
    assert (used.exists(), unused.exists()) == (True, False)


def test_of_two_packs_with_the_same_clips_one_is_used(cache):
    """Two runs at once both compute; the second pack may then be pruned."""
    packs = [add(cache, 1, 2, age=30), add(cache, 1, 2, age=30)]
    places = cache.find(EXTRACTOR, "mfcc", [key(1), key(2)])
    touched = {path for path in packs if path.stat().st_mtime > time.time() - 15}
    assert len(touched) == 1
    assert {pack.path for pack, _ in places.values()} == touched


def test_the_bound_is_kept_while_packs_are_added(tmp_path):
    size = add(FeatureCache(tmp_path / "one"), 1).stat().st_size
    cache = FeatureCache(tmp_path / "features", max_bytes=3 * size)
    for n in range(10):
        path = add(cache, n, age=100 - n)
        assert path.exists()
        assert cache.info().n_bytes == min(n + 1, 3) * size
    assert set(cache.find(EXTRACTOR, "mfcc", [key(n) for n in range(10)])) == {
        key(n) for n in (7, 8, 9)
    }


def test_a_pack_larger_than_the_bound_serves_its_own_run(tmp_path):
    cache = FeatureCache(tmp_path, max_bytes=1)
    first, second = add(cache, 1), add(cache, 2)
    assert (first.exists(), second.exists()) == (False, True)


def test_pruning_removes_what_killed_writers_left_an_hour_ago(cache):
    view = add(cache, 1).parent
    for name, age in [(".writing-old", 3_700), (".writing-new", 3_500)]:
        (view / name).write_bytes(b"half")
        os.utime(view / name, (time.time() - age,) * 2)
    assert cache.prune(1 << 30).n_packs == 1
    assert [path.name for path in view.glob(".writing-*")] == [".writing-new"]


def test_the_cache_lies_in_the_home_of_speechsent(monkeypatch, tmp_path):
    monkeypatch.setenv("SPEECHSENT_HOME", str(tmp_path))
    assert FeatureCache().folder == tmp_path / "features"
