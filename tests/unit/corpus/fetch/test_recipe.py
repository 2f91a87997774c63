import json
import shutil
from dataclasses import replace
from hashlib import md5, sha256
from pathlib import Path

import pytest

from speechsent.corpus import read_corpus
from speechsent.corpus.fetch import at_hand, fetch, recipe, sources
from speechsent.corpus.named import load_protocol
from speechsent.corpus.readers import READERS
from speechsent.errors import CorpusError, DownloadError, ParameterError

NAMES = [f"03-01-05-01-01-01-{actor:02}.wav" for actor in (1, 2)]


@pytest.fixture
def archive(make_zip):
    return make_zip({f"Actor_{name[-6:-4]}/{name}": name.encode() * 99 for name in NAMES})


@pytest.fixture
def published(server, send, archive, monkeypatch, tmp_path):
    """A small RAVDESS on the loopback server, with its hash in the table."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(recipe.MIRROR, raising=False)
    checksum = "md5:" + md5(archive, usedforsecurity=False).hexdigest()
    known = replace(
        sources()["ravdess"], url=server.serve("/f.zip", send(archive)), bytes=len(archive),
        checksum=checksum, needs=1000, n_clips=2,
    )  # fmt: skip
    monkeypatch.setattr(recipe, "source", lambda name: replace(known, name=name))
    return known


def get(name="ravdess", folder=None, **options):
    return fetch(name, folder, **{"accept_licence": True} | options)


def test_a_corpus_is_fetched_and_can_be_read(published, archive, tmp_path):
    told = []
    fetched = get(told=lambda *call: told.append(call))
    assert fetched.folder == "ravdess"
    assert (fetched.n_clips, fetched.verified) == (2, True)
    assert fetched.sha256 == sha256(archive).hexdigest()
    assert read_corpus(Path("ravdess")).speakers == {"ravdess/01": 1, "ravdess/02": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["ravdess"]
    assert ("unpack", 2, 2) in told
    assert ("download", len(archive), len(archive)) in told


def test_the_folder_says_where_it_comes_from(published):
    get(folder=Path("deep/er/here"))
    noted = json.loads(Path("deep/er/here/speechsent-source.json").read_text())
    assert noted["origin"] == published.url
    assert noted["licence"] == "CC BY-NC-SA 4.0"
    assert "10.1371/journal.pone.0196391" in noted["citation"]


def test_nothing_is_asked_for_before_the_licence_is_accepted(published, server):
    with pytest.raises(ParameterError, match=r"CC BY-NC-SA 4\.0 .*accept_licence=False"):
        get(accept_licence=False)
    assert server.requests == []


def test_an_unknown_corpus_is_named_with_the_nearest(published, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(ParameterError, match=r"'ravdes'; did you mean ravdess\?"):
        get("ravdes")


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_what_is_there_already_stays(published, server, taken):
    if taken == "file":
        Path("ravdess").touch()
    else:
        Path("ravdess").mkdir()
        Path("ravdess/mine.txt").touch()
    with pytest.raises(CorpusError, match="exists already"):
        get()
    assert server.requests == []


def test_an_empty_folder_is_filled(published):
    Path("ravdess").mkdir()
    assert get().n_clips == 2


def test_a_full_disk_is_told_before_anything_is_fetched(published, server, monkeypatch):
    usage = shutil.disk_usage(".")._replace(free=999)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(CorpusError, match="needs about 0 MB on the disk, 0 MB are free"):
        get()
    assert server.requests == []


def test_a_kill_while_unpacking_needs_no_second_download(published, server, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recipe, "unpack", killed)
        with pytest.raises(KeyboardInterrupt):
            get()
    assert not Path("ravdess").exists()
    assert get().n_clips == 2
    assert len(server.requests) == 1


def test_a_half_unpacked_folder_is_begun_anew(published, monkeypatch):
    half = Path(".ravdess.fetch/unpacked/Actor_01")
    half.mkdir(parents=True)
    (half / NAMES[0]).write_bytes(b"half")
    get()
    assert Path("ravdess/Actor_01", NAMES[0]).read_bytes() == NAMES[0].encode() * 99


def test_two_processes_do_not_fetch_into_one_folder(published):
    with (
        recipe.workplace.workplace(Path("ravdess")),
        pytest.raises(CorpusError, match="another process is fetching"),
    ):
        get()


def test_a_mirror_must_send_the_published_file(published, server, send, make_zip, archive):
    bad = server.serve("/bad.zip", send(make_zip({NAMES[0]: b"other"}) + bytes(len(archive))))
    with pytest.raises(DownloadError, match=r"bad.zip: .*published"):
        get(url=bad)
    assert not Path("ravdess").exists()


def test_a_mirror_is_a_folder_of_archives(published, server, send, archive, monkeypatch):
    monkeypatch.setenv(recipe.MIRROR, f"{server.url}/mirror/")
    server.serve("/mirror/Audio_Speech_Actors_01-24.zip", send(archive))
    assert get().origin == f"{server.url}/mirror/Audio_Speech_Actors_01-24.zip"


def test_an_archive_at_hand_is_checked_and_stays(published, server, archive):
    Path("mine.zip").write_bytes(archive)
    assert get(archive=Path("mine.zip")).verified
    assert Path("mine.zip").read_bytes() == archive
    assert server.requests == []


def test_another_archive_is_not_taken_for_it(published, make_zip):
    Path("mine.zip").write_bytes(make_zip({NAMES[0]: b"x"}))
    with pytest.raises(CorpusError, match="not the published archive of ravdess"):
        get(archive=Path("mine.zip"))


def test_nothing_stays_of_an_archive_that_is_refused(unpublished, make_zip):
    Path("mine.zip").write_bytes(make_zip({"readme.txt": b"no clip"}))
    before = sorted(Path().iterdir())
    for _ in range(2):
        with pytest.raises(CorpusError):
            get(archive=Path("mine.zip"))
        assert sorted(Path().iterdir()) == before


def test_an_archive_that_is_not_there_is_named(published):
    with pytest.raises(CorpusError, match=r"none\.zip: no such file"):
        get(archive=Path("none.zip"))
    Path("unpacked").mkdir()
    with pytest.raises(CorpusError, match="unpacked: a folder; name the archive"):
        get(archive=Path("unpacked"))


@pytest.fixture
def unpublished(published, monkeypatch):
    """The same without any published figure."""
    bare = replace(published, bytes=None, checksum=None)
    monkeypatch.setattr(recipe, "source", lambda name: replace(bare, name=name))
    return bare


def test_what_cannot_be_checked_is_said_not_to_be(unpublished, archive):
    fetched = get()
    assert not fetched.verified
    assert fetched.sha256 == sha256(archive).hexdigest()


@pytest.mark.parametrize("content", ["page", "other corpus"])
def test_a_wrong_file_does_not_stand_in_the_way_of_the_right_one(
    unpublished, server, send, make_zip, archive, content
):
    wrong = b"<html>login</html>" if content == "page" else make_zip({"OAF_back_angry.wav": b"x"})
    server.serve("/f.zip", send(wrong), send(archive))
    with pytest.raises(CorpusError, match=r"neither a zip|named as ravdess names its clips"):
        get()
    assert get().n_clips == 2


def test_a_corpus_behind_a_registration_says_where_to_get_it(published, monkeypatch):
    monkeypatch.setattr(recipe, "source", lambda name: replace(published, url=None))
    with pytest.raises(DownloadError, match=r"get it at https://doi\.org/.*--archive FILE"):
        get()


def test_at_hand_is_a_folder_with_a_clip_of_that_corpus(published, tmp_path):
    assert at_hand("ravdess", tmp_path) is None
    get()
    assert at_hand("ravdess", tmp_path) == tmp_path / "ravdess"
    shutil.copytree("ravdess", "savee")
    assert at_hand("savee", tmp_path) is None


def test_the_table_is_complete_and_true_to_the_readers_and_protocols():
    """Classes and speakers are those which readers and protocols know from elsewhere."""
    readers = {reader.name: reader for reader in READERS}
    for name, found in sources().items():
        assert set(found.classes) == set(readers[name].emotions.values())
        protocol = load_protocol(found.protocol)
        assert protocol.corpus == name
        assert protocol.speaker_disjoint
        assert found.licence
        assert found.licence_url.startswith("http")
        assert found.citation
        assert found.needs
        assert found.unpacked >= (found.bytes or 0)
        assert found.checksum is None or found.bytes
        assert found.page.startswith("http")


def test_the_table_has_what_zenodo_publishes_of_ravdess():
    """https://zenodo.org/records/1188976"""
    found = sources()["ravdess"]
    assert found.bytes == 208_468_073
    assert found.checksum == "md5:bc696df654c87fed845eb13823edef8a"
