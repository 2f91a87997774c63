"""A real scheduler and two real workers, each a process of its own on the loopback interface."""

import socket
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechsent.corpus.utterance import Utterance
from speechsent.errors import AudioError
from speechsent.features import cluster
from speechsent.features.cache import FeatureCache
from speechsent.features.cluster import Cluster, ClusterError
from speechsent.features.extraction import Extractor, extract
from speechsent.features.reuse import extract_or_reuse
from speechsent.features.threads import Threads

ROOT = Path(__file__).parents[3]
START = 60  # seconds for a process to come up on a busy machine
N_CLIPS = 200  # 13 chunks


@pytest.fixture
def clips(tmp_path, voiced):
    """Stretches of one recording, one that is too loud, and one that is not there."""
    soundfile.write(tmp_path / "voice.wav", np.tile(voiced, 4), 16_000)
    soundfile.write(tmp_path / "loud.wav", voiced * 20, 16_000, subtype="FLOAT")
    stretches = [
        Utterance(path=tmp_path / "voice.wav", emotion="joy", start=i / 100, end=i / 100 + 1)
        for i in range(N_CLIPS - 2)
    ]
    odd = [Utterance(path=tmp_path / f"{name}.wav", emotion="joy") for name in ("loud", "absent")]
    return [*stretches[:50], *odd, *stretches[50:]]


def assert_same(table, serial):
    assert table.utterances == serial.utterances
    assert table.refused == serial.refused
    assert table.warned == serial.warned
    for view, sequences in serial.views.items():
        assert [s.tobytes() for s in table.views[view]] == [s.tobytes() for s in sequences]
        assert {s.dtype for s in table.views[view]} == {np.dtype("float32")}


@pytest.mark.slow
def test_a_killed_worker_changes_nothing(dask, two_workers, clips):
    """The clips it had computed are lost with it and computed again by the other."""
    serial = extract(clips, Extractor(), skip_bad=True, compute=Threads(1))
    calls = []

    def progress(done, total):
        calls.append((done, total))
        if done == cluster.CHUNK:
            two_workers[0].kill()
            two_workers[0].wait()

    table = extract(
        clips, Extractor(), skip_bad=True, compute=Cluster(dask.address), progress=progress
    )
    assert [worker.poll() is None for worker in two_workers] == [False, True]
    assert_same(table, serial)
    assert len(table.refused) == len(table.warned) == 1
    assert calls == [(i, N_CLIPS) for i in range(1, N_CLIPS + 1)]


@pytest.mark.slow
def test_few_chunks_in_flight_a_bad_clip_and_the_cache(
    dask, two_workers, clips, tmp_path, monkeypatch
):
    """One cluster for three questions, because it takes seconds to start."""
    serial = extract(clips, Extractor(), skip_bad=True, compute=Threads(1))
    monkeypatch.setattr(cluster, "IN_FLIGHT", 2)
    compute = Cluster(dask.address)
    assert_same(extract(clips, Extractor(), skip_bad=True, compute=compute), serial)

    with pytest.raises(AudioError, match=r"absent\.wav"):
        extract(clips, Extractor(), compute=compute)

    hashes = [f"{i:064x}" for i in range(N_CLIPS)]
    how = {"skip_bad": True, "compute": compute}
    for _ in range(2):
        cache = FeatureCache(tmp_path / "features")
        assert_same(extract_or_reuse(clips, hashes, Extractor(), cache, **how), serial)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "message"), [("workers", "no worker"), ("scheduler", "the Dask cluster gave up")]
)
def test_a_lost_cluster_is_one_error(dask, two_workers, clips, monkeypatch, lost, message):
    monkeypatch.setattr(cluster, "IN_FLIGHT", 1)

    def progress(done, total):
        if done == cluster.CHUNK:
            monkeypatch.setattr(cluster, "PATIENCE", 2)
            for process in two_workers if lost == "workers" else [dask.scheduler]:
                process.kill()
                process.wait()

    compute = Cluster(dask.address)
    with pytest.raises(ClusterError, match=f"{dask.address}: .*{message}"):
        extract(clips, Extractor(), skip_bad=True, compute=compute, progress=progress)


def test_a_scheduler_without_workers_is_not_waited_for(dask, clips, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 3)
    with pytest.raises(ClusterError, match=f"no worker. Start one: dask worker {dask.address}"):
        extract(clips, Extractor(), compute=Cluster(dask.address))


def test_nobody_at_the_address_is_one_error_soon(clips, monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    assert cluster.PATIENCE <= 10
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    began = time.monotonic()
    with pytest.raises(ClusterError, match=f"{address}: no Dask scheduler answers there"):
        extract(clips, Extractor(), compute=Cluster(address))
    assert time.monotonic() - began < 10


def test_an_address_that_is_none_is_refused(clips):
    pytest.importorskip("distributed", reason="needs the extra [cluster]")
    with pytest.raises(ClusterError, match="gopher://here: no Dask scheduler"):
        extract(clips, Extractor(), compute=Cluster("gopher://here"))


def test_without_dask_the_error_says_how_to_get_it(clips, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"pip install speechsent\[cluster\]"):
        extract(clips, Extractor(), compute=Cluster("tcp://127.0.0.1:1"))
