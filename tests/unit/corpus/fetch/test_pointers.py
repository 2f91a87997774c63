from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from speechsent.corpus.fetch import fetch, recipe, sources
from speechsent.corpus.fetch.pointers import Pointer, read_pointer
from speechsent.errors import DownloadError

NAMES = [f"{actor}_DFA_ANG_XX.wav" for actor in (1001, 1002, 1003)]
CLIPS = {name: name.encode() * 500 for name in NAMES[:2]} | {NAMES[2]: NAMES[0].encode() * 500}


def pointer_to(content):
    """As in the example of https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""
    oid = sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n"


@pytest.fixture
def crema_d(server, send, make_zip, monkeypatch, tmp_path):
    """A repository of pointers, and the clips they point to; two of the clips are the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(recipe.MIRROR, raising=False)
    inside = {f"CREMA-D-master/AudioWAV/{n}": pointer_to(c).encode() for n, c in CLIPS.items()}
    inside["CREMA-D-master/AudioMP3/1001_DFA_ANG_XX.mp3"] = b"not wanted"
    url = server.serve("/master.zip", send(make_zip(inside)))
    for name, content in CLIPS.items():
        server.serve(f"/media/AudioWAV/{name}", send(content))
    known = replace(sources()["crema-d"], url=url, pointed=f"{server.url}/media/", needs=1000)
    monkeypatch.setattr(recipe, "source", lambda _: known)
    return server


def test_clips_take_the_place_of_their_pointers(crema_d):
    fetched = fetch("crema-d", accept_licence=True)
    assert (fetched.n_clips, fetched.verified) == (3, True)
    found = {p.name: p.read_bytes() for p in Path("crema-d").rglob("*.*") if p.suffix != ".json"}
    assert found == CLIPS
    assert not list(Path().glob(".*"))


def test_a_clip_that_differs_from_its_pointer_is_refused(crema_d, send):
    crema_d.serve(f"/media/AudioWAV/{NAMES[1]}", send(bytes(len(CLIPS[NAMES[1]]))))
    with pytest.raises(DownloadError, match=rf"{NAMES[1]}: not the published file \(SHA256"):
        fetch("crema-d", accept_licence=True)
    assert not Path("crema-d").exists()


def test_clips_that_have_arrived_are_not_fetched_again(crema_d, send, say):
    url = f"/media/AudioWAV/{NAMES[1]}"
    crema_d.serve(url, say(404))
    with pytest.raises(DownloadError, match="404"):
        fetch("crema-d", accept_licence=True)
    crema_d.serve(url, send(CLIPS[NAMES[1]]))
    before = len(crema_d.requests)
    fetch("crema-d", accept_licence=True)
    asked = [path for path, _ in crema_d.requests[before:]]
    assert "/master.zip" not in asked
    assert url in asked


def test_a_pointer_is_told_from_a_clip(tmp_path):
    path = tmp_path / "f"
    path.write_text(pointer_to(b"abc"))
    # the SHA-256 of "abc" is an example of FIPS 180-2
    oid = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert read_pointer(path) == Pointer(oid, 3)
    path.write_bytes(b"RIFF" + bytes(200))
    assert read_pointer(path) is None
    path.write_text(pointer_to(b"abc") + "x" * 2000)
    assert read_pointer(path) is None
