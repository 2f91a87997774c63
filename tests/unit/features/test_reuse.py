import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechsent import audio
from speechsent.corpus import hashes
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.utterance import Utterance
from speechsent.errors import AudioError
from speechsent.features import reuse
from speechsent.features.cache import FeatureCache
from speechsent.features.extraction import Extractor, extract
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.reuse import extract_or_reuse, hashes_folder
from speechsent.features.standardize import Standardizer
from speechsent.features.threads import Threads

EXTRACTOR = Extractor(log_mel=LogMel(n_mels=8), mfcc=Mfcc(n_mfcc=4, n_deltas=1))

CHILD = """
import hashlib, os, signal, sys
from pathlib import Path
from speechsent.corpus.hashes import file_hashes
from speechsent.corpus.utterance import Utterance
from speechsent.features.cache import FeatureCache
from speechsent.features.extraction import Extractor
from speechsent.features.log_mel import LogMel
from speechsent.features.mfcc import Mfcc
from speechsent.features.reuse import extract_or_reuse

extractor = Extractor(log_mel=LogMel(n_mels=8), mfcc=Mfcc(n_mfcc=4, n_deltas=1))
clips = [Utterance(path=path, emotion="joy") for path in sorted(Path(sys.argv[1]).iterdir())]

def run(folder):
    cache = FeatureCache(Path(folder))
    return extract_or_reuse(clips, file_hashes([u.path for u in clips]), extractor, cache)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
"""
WRITE = """
print("ready", flush=True)
sys.stdin.readline()
table = run(sys.argv[2])
views = [values.tobytes() for view in extractor.views for values in table.views[view]]
print(hashlib.sha256(b"".join(views)).hexdigest())
"""
WRITE_ON = """
import numpy as np
from speechsent.features.pack import write_pack
from speechsent.features.cache import view_key
print("ready", flush=True)
while True:
    for i in range(256):
        values = np.full((50_000, 4), i, np.float32)
        folder = Path(sys.argv[2]) / view_key(extractor, "mfcc")
        write_pack(folder, [bytes([i]) * 32], [values], {})
"""


def child(corpus, folder, *code):
    return subprocess.Popen(
        [sys.executable, "-c", "\n".join([CHILD, *code]), str(corpus), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(audio.__file__).parents[1])},
    )


@pytest.fixture
def corpus(tmp_path, voiced):
    """Seven recordings of different lengths."""
    root = tmp_path / "corpus"
    root.mkdir()
    for i in range(7):
        soundfile.write(root / f"{i}.wav", voiced[4_000 : 8_000 - 320 * i], 16_000)
    return [Utterance(path=root / f"{i}.wav", emotion="neutral") for i in range(7)]


@pytest.fixture
def cache(tmp_path):
    return FeatureCache(tmp_path / "home" / "features")


def run(clips, cache, extractor=EXTRACTOR, **options):
    return extract_or_reuse(
        clips, file_hashes([u.path for u in clips]), extractor, cache, **options
    )


@pytest.fixture
def opened(monkeypatch):
    """Names of the audio files that are opened."""
    names = []
    load = audio.load

    def noted(path, *args, **options):
        names.append(Path(path).name)
        return load(path, *args, **options)

    monkeypatch.setattr(audio, "load", noted)
    return names


def assert_same(table, expected):
    assert table.utterances == expected.utterances
    assert list(table.views) == list(expected.views)
    for view, sequences in expected.views.items():
        assert len(table.views[view]) == len(sequences)
        for kept, values in zip(table.views[view], sequences, strict=True):
            np.testing.assert_array_equal(kept, values)
            assert kept.dtype == values.dtype
    assert [(r.path, r.reason) for r in table.refused] == [
        (r.path, r.reason) for r in expected.refused
    ]
    assert table.warned == expected.warned


def test_cold_and_warm_are_what_extraction_gives(corpus, cache):
    expected = extract(corpus, EXTRACTOR)
    for _ in range(2):
        table = run(corpus, cache)
        assert_same(table, expected)
        assert list(table.hashes) == [
            hashlib.sha256(u.path.read_bytes()).hexdigest() for u in corpus
        ]


def test_a_second_run_opens_no_audio_and_hashes_no_file(corpus, cache, monkeypatch):
    monkeypatch.setattr(hashes, "RACY", 0.0)  # the clips were written just now
    expected = extract(corpus, EXTRACTOR)
    paths = [u.path for u in corpus]
    folder = hashes_folder(cache)
    extract_or_reuse(corpus, file_hashes(paths, folder), EXTRACTOR, cache)

    def refuse(*args, **_):
        pytest.fail(f"{args[0]} is opened")

    monkeypatch.setattr(audio, "load", refuse)
    monkeypatch.setattr(hashes, "sha256", refuse)
    again = extract_or_reuse(corpus, file_hashes(paths, folder), EXTRACTOR, cache)
    assert_same(again, expected)


def test_hashes_lie_beside_the_features(tmp_path):
    assert hashes_folder(FeatureCache(tmp_path / "features")) == tmp_path / "hashes"


def test_changed_audio_is_computed_again_and_nothing_else(corpus, cache, opened, voiced):
    run(corpus, cache)
    opened.clear()
    soundfile.write(corpus[2].path, voiced[5_000:9_000], 16_000)
    table = run(corpus, cache)
    assert opened == ["2.wav"]
    assert_same(table, extract(corpus, EXTRACTOR))


def test_a_moved_or_copied_file_is_known(corpus, cache, opened, tmp_path):
    run(corpus, cache)
    opened.clear()
    moved = corpus[0].path.rename(tmp_path / "moved.flac")
    copy = Path(shutil.copy(corpus[1].path, tmp_path / "copy.wav"))
    clips = [Utterance(path=path, emotion="fear") for path in (moved, copy)]
    table = run(clips, cache)
    assert opened == []
    assert_same(table, extract(clips, EXTRACTOR))


def test_stretches_of_one_file_are_different_clips(corpus, cache, opened):
    stretches = [replace(corpus[0], start=start, end=end) for start, end in [(0, 0.2), (0.05, 0.2)]]
    run([corpus[0], *stretches], cache)
    assert len(opened) == 3
    opened.clear()
    clips = [*reversed(stretches), replace(corpus[0], end=0.15)]
    table = run(clips, cache)
    assert len(opened) == 1
    assert_same(table, extract(clips, EXTRACTOR))


def test_a_changed_parameter_misses_in_its_view_alone(corpus, cache):
    run(corpus, cache)
    changed = replace(EXTRACTOR, mfcc=Mfcc(n_mfcc=4, n_deltas=1, width=5))
    table = run(corpus, cache, changed)
    assert_same(table, extract(corpus, changed))
    assert cache.info().n_packs == 3  # log_mel once, mfcc twice


def test_a_second_view_is_added_to_the_first(corpus, cache):
    run(corpus[:3], cache, replace(EXTRACTOR, views=("mfcc",)))
    assert_same(run(corpus, cache), extract(corpus, EXTRACTOR))


@pytest.mark.parametrize("skip_bad", [True, False])
def test_chunks_give_the_same_as_one(corpus, cache, monkeypatch, voiced, skip_bad):
    soundfile.write(corpus[1].path, voiced * 20, 16_000, subtype="FLOAT")
    if skip_bad:
        for i in (0, 5):
            corpus[i].path.write_bytes(b"")
    expected = extract(corpus, EXTRACTOR, skip_bad=skip_bad)
    monkeypatch.setattr(reuse, "CHUNK", 3)
    steps = []
    table = run(corpus, cache, skip_bad=skip_bad, progress=lambda *step: steps.append(step))
    assert_same(table, expected)
    assert steps == [(i, 7) for i in range(1, 8)]
    assert cache.info().n_packs == 6
    assert_same(run(corpus, cache, skip_bad=skip_bad), expected)


def test_bad_clips_are_left_out_again_and_kept_never(corpus, cache, opened):
    corpus[3].path.write_bytes(b"not audio")
    run(corpus, cache, skip_bad=True)
    opened.clear()
    table = run(corpus, cache, skip_bad=True)
    assert opened == ["3.wav"]
    assert [refusal.path for refusal in table.refused] == [corpus[3].path]
    assert table.utterances == tuple(u for u in corpus if u != corpus[3])
    assert len(table.hashes) == 6
    with pytest.raises(AudioError, match=r"3\.wav"):
        run(corpus, cache)


def test_the_same_clip_twice_is_two_rows(corpus, cache):
    clips = [corpus[0], corpus[1], corpus[0]]
    for _ in range(2):
        assert_same(run(clips, cache), extract(clips, EXTRACTOR))


@pytest.mark.parametrize("views", [("log_mel", "mfcc"), ("mfcc", "log_mel"), ("mfcc",)])
def test_what_was_odd_is_told_again_under_the_new_name(corpus, cache, voiced, views, tmp_path):
    soundfile.write(corpus[0].path, voiced * 20, 16_000, subtype="FLOAT")
    (warning,) = run(corpus, cache).warned
    moved = corpus[0].path.rename(tmp_path / "moved.wav")
    clips = [Utterance(path=moved, emotion="neutral"), *corpus[1:]]
    again = run(clips, cache, replace(EXTRACTOR, views=views))
    assert again.warned == (warning.replace(str(corpus[0].path), str(moved)),)
    assert "samples exceed full scale" in warning


def test_what_was_odd_is_told_once_when_a_view_is_missing(corpus, cache, voiced):
    soundfile.write(corpus[0].path, voiced * 20, 16_000, subtype="FLOAT")
    run(corpus, cache, replace(EXTRACTOR, views=("log_mel",)))
    assert len(run(corpus, cache).warned) == 1


def test_no_flipped_byte_of_a_pack_changes_a_feature(corpus, cache, monkeypatch):
    """Every byte in turn: the damage is noticed and mended, or lies where it does not matter."""
    extractor = replace(EXTRACTOR, views=("mfcc",), mfcc=Mfcc(n_mfcc=2, n_deltas=0))
    clips = [replace(u, end=0.1) for u in corpus[:2]]
    expected = extract(clips, extractor).views["mfcc"]
    keys = file_hashes([u.path for u in clips])
    extract_or_reuse(clips, keys, extractor, cache)
    (path,) = cache.folder.glob("*/*.pack")
    whole = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: None)  # hundreds of them take seconds
    for place in range(len(whole)):
        for other in path.parent.iterdir():
            other.unlink()
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        table = extract_or_reuse(clips, keys, extractor, cache, compute=Threads(1))
        for kept, values in zip(table.views["mfcc"], expected, strict=True):
            np.testing.assert_array_equal(kept, values)
        assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"RIFF" * 100, None])
def test_a_pack_that_is_empty_foreign_or_cut_is_replaced(corpus, cache, opened, content):
    expected = extract(corpus, EXTRACTOR)
    run(corpus, cache)
    packs = sorted(cache.folder.glob("*/*.pack"))
    for path in packs:
        path.write_bytes(path.read_bytes()[:100] if content is None else content)
    assert_same(run(corpus, cache), expected)
    assert not any(path.exists() for path in packs)
    opened.clear()
    assert_same(run(corpus, cache), expected)
    assert opened == []


def damage_last_clip(cache):
    for path in cache.folder.glob("*/*.pack"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)


def test_a_damaged_clip_is_computed_again_and_its_pack_removed(corpus, cache, opened):
    expected = extract(corpus, EXTRACTOR)
    run(corpus, cache)
    damage_last_clip(cache)
    opened.clear()
    for _ in range(2):  # once for the damage, and once from memory
        table = run(corpus, cache)
        assert_same(table, expected)
    assert cache.info().n_packs == 2
    assert opened.count("6.wav") == 2 + 1  # each view mended, then all clips computed afresh
    opened.clear()
    assert_same(run(corpus, cache), expected)
    assert opened == []


@pytest.mark.parametrize("name", ["os.pread", "pathlib.Path.unlink"])
def test_a_failing_disk_or_a_read_only_cache_is_survived(corpus, cache, monkeypatch, name):
    expected = extract(corpus, EXTRACTOR)
    run(corpus, cache)
    damage_last_clip(cache)

    def fail(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(name, fail)
    assert_same(run(corpus, cache), expected)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_without_room_features_stay_in_memory(corpus, cache, monkeypatch, number):
    expected = extract(corpus, EXTRACTOR)
    with monkeypatch.context() as patch:

        def fail(*_):
            raise OSError(number, os.strerror(number))

        patch.setattr(os, "fsync", fail)
        table = run(corpus, cache)
    assert_same(table, expected)
    assert list(cache.folder.glob("*/*")) == []


def test_a_cache_below_a_file_is_survived(corpus, tmp_path):
    (tmp_path / "file").touch()
    table = run(corpus, FeatureCache(tmp_path / "file" / "features"))
    assert_same(table, extract(corpus, EXTRACTOR))


def test_a_cache_smaller_than_a_chunk_gives_the_right_features(corpus, cache, monkeypatch):
    monkeypatch.setattr(reuse, "CHUNK", 2)
    small = FeatureCache(cache.folder, max_bytes=1)
    for _ in range(2):
        assert_same(run(corpus, small), extract(corpus, EXTRACTOR))
        assert small.info().n_packs == 1


def test_packs_pruned_during_a_run_still_serve_it(corpus, cache):
    run(corpus, cache)
    table = run(corpus, cache)
    cache.prune(0)
    assert_same(table, extract(corpus, EXTRACTOR))


def test_two_processes_write_one_cache_at_once(corpus, cache, opened):
    table = extract(corpus, EXTRACTOR)
    sequences = [values for view in EXTRACTOR.views for values in table.views[view]]
    expected = hashlib.sha256(b"".join(values.tobytes() for values in sequences)).hexdigest()
    writers = [child(corpus[0].path.parent, cache.folder, WRITE) for _ in range(2)]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 2
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate(timeout=60)[0].strip() for writer in writers] == [expected] * 2
    opened.clear()
    assert_same(run(corpus, cache), table)
    assert opened == []


@pytest.mark.parametrize("moment", ["os.fsync", "Path.replace"])
def test_a_killed_writer_leaves_nothing_that_is_read(corpus, cache, moment):
    killed = child(corpus[0].path.parent, cache.folder, f"{moment} = die", "run(sys.argv[2])")
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    (left,) = cache.folder.glob("*/*")
    assert left.name.startswith(".writing-")
    assert_same(run(corpus, cache), extract(corpus, EXTRACTOR))
    os.utime(left, (1e9, 1e9))
    assert cache.prune(1 << 30).n_packs == 2
    assert not left.exists()


def test_writers_killed_at_any_moment_leave_only_sound_packs(corpus, cache, rng):
    for delay in rng.uniform(0.01, 0.1, 3):
        writer = child(corpus[0].path.parent, cache.folder, WRITE_ON)
        writer.stdout.readline()
        time.sleep(delay)
        writer.kill()
        writer.communicate()
    packs = list(cache.folder.glob("*/*.pack"))
    assert packs
    found = cache.find(EXTRACTOR, "mfcc", [bytes([i]) * 32 for i in range(256)])
    assert found
    assert all(path.exists() for path in packs)  # none was damaged
    for key, (pack, place) in found.items():
        np.testing.assert_array_equal(pack[place], np.full((50_000, 4), key[0], np.float32))


def test_kept_features_are_standardised_and_batched_like_computed_ones(corpus, cache):
    from speechsent.clips import Clips, evaluation_batches  # loads the neural network library

    def batches(table):
        standardizer = Standardizer.fit(table.views, [0, 2, 3], "corpus")
        statistics = standardizer.per_clip(table.views, [None] * 7)
        classes = np.arange(7) % 2
        ids = tuple(str(u.path) for u in table.utterances)
        clips = Clips(table.views, statistics, classes, 2, 10, ids).subset([4, 1, 6])
        return list(evaluation_batches(clips, batch_size=2))

    run(corpus, cache)
    kept, computed = batches(run(corpus, cache)), batches(extract(corpus, EXTRACTOR))
    assert len(kept) == len(computed) > 1
    for (inputs, owners), (expected, expected_owners) in zip(kept, computed, strict=True):
        np.testing.assert_array_equal(owners, expected_owners)
        for name, values in expected.items():
            np.testing.assert_array_equal(inputs[name], values)


@pytest.mark.parametrize("skip_bad", [True, False])
def test_a_file_that_cannot_be_read_is_bad_audio_to_the_cache_too(corpus, skip_bad):
    from speechsent.config import CorpusConfig, ExperimentConfig
    from speechsent.preparation import features
    from speechsent.resources import Resources
    from speechsent.training.listener import Listener

    corpus[2].path.unlink()
    config = ExperimentConfig(corpus=CorpusConfig(skip_bad_audio=skip_bad))
    if not skip_bad:
        with pytest.raises(AudioError, match=r"2\.wav: no such file"):
            features(corpus, config, Listener(), Resources())
        return
    table = features(corpus, config, Listener(), Resources())
    assert [refusal.path for refusal in table.refused] == [corpus[2].path]
    assert len(table) == 6
