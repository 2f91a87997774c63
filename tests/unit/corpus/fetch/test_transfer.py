import random
from hashlib import md5, sha256
from types import SimpleNamespace

import pytest

from speechsent.corpus.fetch import transfer as module
from speechsent.corpus.fetch.remote import MAX_REDIRECTS, Remote
from speechsent.corpus.fetch.transfer import ATTEMPTS, transfer
from speechsent.errors import DownloadError

BODY = random.Random(7).randbytes(1_000_000)
OTHER = random.Random(8).randbytes(1_000_000)
MD5 = "md5:" + md5(BODY, usedforsecurity=False).hexdigest()
SHA256 = sha256(BODY).hexdigest()
HALF = len(BODY) // 2


@pytest.fixture
def path(tmp_path):
    return tmp_path / "corpus.zip"


def remote(url, **fields):
    return Remote(**{"url": url, "size": len(BODY), "checksum": MD5, "max_bytes": 2 * len(BODY)}
                  | fields)  # fmt: skip


def ranges(server):
    return [headers.get("Range") for _, headers in server.requests]


def test_a_whole_file_arrives_under_its_name_alone(server, send, path):
    calls = []
    url = server.serve("/f", send(BODY))
    assert transfer(remote(url), path, lambda *call: calls.append(call)) == SHA256
    assert path.read_bytes() == BODY
    assert list(path.parent.iterdir()) == [path]
    assert calls[0] == (0, len(BODY))
    assert calls[-1] == (len(BODY), len(BODY))


def test_a_slow_server_is_waited_for(server, send, path):
    url = server.serve("/f", send(BODY, drip=0.001))
    assert transfer(remote(url), path) == SHA256


def test_a_cut_is_gone_on_from_in_the_same_call(server, send, path):
    url = server.serve("/f", send(BODY, cut=HALF), send(BODY, cut=HALF + 9), send(BODY))
    transfer(remote(url), path)
    assert path.read_bytes() == BODY
    assert ranges(server) == [None, f"bytes={HALF}-", f"bytes={HALF + 9}-"]
    assert server.requests[1][1]["If-Range"] == '"1"'


def test_a_stalled_connection_is_a_cut(server, send, path, monkeypatch):
    from speechsent.corpus.fetch import remote as remote_module

    monkeypatch.setattr(remote_module, "TIMEOUT", 0.05)
    url = server.serve("/f", send(BODY, drip=0.3), send(BODY))
    assert transfer(remote(url), path) == SHA256
    assert ranges(server)[1].startswith("bytes=")


def test_an_interrupted_call_leaves_a_part_that_the_next_one_goes_on_with(server, send, path):
    def interrupt(done, _):
        if done:
            raise KeyboardInterrupt

    url = server.serve("/f", send(BODY))
    with pytest.raises(KeyboardInterrupt):
        transfer(remote(url), path, interrupt)
    here = path.with_name("corpus.zip.part").stat().st_size
    assert 0 < here < len(BODY)
    assert not path.exists()
    transfer(remote(url), path)
    assert path.read_bytes() == BODY
    assert ranges(server) == [None, f"bytes={here}-"]


def test_too_many_cuts_stop_and_say_what_is_kept(server, send, path):
    url = server.serve("/f", send(BODY, cut=HALF))
    with pytest.raises(DownloadError, match=rf"{HALF} of {len(BODY)} bytes are kept"):
        transfer(remote(url), path)
    # the first request brings half of it, each further one brings nothing
    assert len(server.requests) == ATTEMPTS
    server.serve("/f", send(BODY))
    assert transfer(remote(url), path) == SHA256


def test_a_file_that_changes_between_the_parts_is_fetched_anew(server, send, path):
    """Without published hash only the tag can tell: no byte of the old file may stay."""
    url = server.serve("/f", send(OTHER, cut=HALF), send(BODY, etag='"2"'))
    transfer(remote(url, checksum=None, size=None), path)
    assert path.read_bytes() == BODY


def test_a_server_that_mixes_two_files_under_one_tag_is_found_out(server, send, path):
    url = server.serve("/f", send(OTHER, cut=HALF), send(BODY))
    with pytest.raises(DownloadError, match=r"not the published file \(MD5 .*nothing is kept"):
        transfer(remote(url), path)
    assert list(path.parent.iterdir()) == []


def test_without_tag_or_published_hash_nothing_is_gone_on_with(server, send, path):
    url = server.serve("/f", send(BODY, etag=None, cut=HALF), send(BODY, etag=None))
    transfer(remote(url, checksum=None, size=None), path)
    assert ranges(server) == [None, None]
    assert path.read_bytes() == BODY


def test_a_weak_tag_is_no_tag(server, send, path):
    url = server.serve("/f", send(BODY, etag='W/"1"', cut=HALF), send(BODY))
    transfer(remote(url, checksum=None, size=None), path)
    assert ranges(server) == [None, None]


def test_a_date_of_change_serves_as_tag(server, send, path):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    url = server.serve("/f", send(BODY, etag=None, cut=HALF, Last_Modified=date), send(BODY))
    transfer(remote(url, checksum=None), path)
    assert server.requests[1][1]["If-Range"] == date
    assert path.read_bytes() == BODY


def test_a_part_of_another_address_is_not_gone_on_with(server, send, path):
    first = server.serve("/first", send(OTHER, cut=HALF))
    with pytest.raises(DownloadError):
        transfer(remote(first, checksum=None), path)
    second = server.serve("/second", send(BODY))
    transfer(remote(second, checksum=None), path)
    assert path.read_bytes() == BODY


def test_a_server_without_ranges_sends_it_all_again(server, send, path):
    url = server.serve("/f", send(BODY, cut=HALF), send(BODY, ranges=False))
    assert transfer(remote(url), path) == SHA256


def test_another_range_than_asked_for_is_not_appended(server, send, path):
    def wrong(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 7-{len(BODY) - 1}/{len(BODY)}")
        handler.end_headers()
        handler.wfile.write(BODY[7:])

    url = server.serve("/f", send(BODY, cut=HALF), wrong, send(BODY))
    assert transfer(remote(url), path) == SHA256


def test_a_file_that_became_shorter_is_fetched_anew(server, send, say, path):
    url = server.serve("/f", send(BODY, cut=HALF), say(416), send(BODY))
    assert transfer(remote(url), path) == SHA256


def test_a_part_that_was_whole_needs_no_request(server, path):
    path.with_name("corpus.zip.part").write_bytes(BODY)
    assert transfer(remote(server.url + "/never"), path) == SHA256
    assert server.requests == []


WRONG = {
    "corrupt": (lambda send: send(OTHER), {}, "MD5"),
    "another size than published": (lambda send: send(BODY[:9]), {}, "offers 9 bytes, 1000000 are"),
    "declares less than it has": (lambda send: send(BODY, length=9), {}, "offers 9 bytes"),
    "says less, nothing published": (
        lambda send: send(BODY, length=9), {"size": None}, "MD5",
    ),
    "declares too much": (
        lambda send: send(BODY, length=10**12), {"size": None}, "larger than the 2000000 bytes",
    ),
    "too large, undeclared": (
        lambda send: send(BODY, length=-1), {"size": None, "max_bytes": 9}, "larger than the 9",
    ),
    "undeclared, another size": (lambda send: send(BODY[:9], length=-1), {}, "9 bytes, expected"),
}  # fmt: skip


@pytest.mark.parametrize(("how", "fields", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_not_the_file_is_refused_and_not_kept(server, send, path, how, fields, reason):
    url = server.serve("/f", how(send))
    with pytest.raises(DownloadError, match=reason) as caught:
        transfer(remote(url, **fields), path)
    assert str(caught.value).startswith(url)
    assert list(path.parent.iterdir()) == []


def test_a_length_that_is_a_promise_only_is_a_cut(server, send, path):
    url = server.serve("/f", send(BODY, length=len(BODY) + 5))
    with pytest.raises(DownloadError, match=r"ended after 1000000 of 1000005 bytes"):
        transfer(remote(url, size=None), path)


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_a_no_is_taken_at_once(server, say, path, code):
    url = server.serve("/f", say(code))
    with pytest.raises(DownloadError, match=rf"/f: {code} "):
        transfer(remote(url), path)
    assert len(server.requests) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, send, say, path, code):
    url = server.serve("/f", say(code), say(code), send(BODY))
    assert transfer(remote(url), path) == SHA256


def test_a_server_that_stays_busy_is_left(server, say, path):
    url = server.serve("/f", say(503))
    with pytest.raises(DownloadError, match=r"503 Service Unavailable"):
        transfer(remote(url), path)
    assert len(server.requests) == ATTEMPTS


def test_pauses_double_unless_the_server_asks_for_one_and_have_a_limit(
    server, send, say, path, monkeypatch
):
    pauses = []
    monkeypatch.setattr(module, "PAUSE", 1)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 60)
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=pauses.append))
    url = server.serve(
        "/f", say(503), say(503), say(429, Retry_After="7"), say(429, Retry_After="999"), send(BODY)
    )
    transfer(remote(url), path)
    assert pauses == [1, 2, 7, 60]


def test_a_redirect_is_followed(server, send, say, path):
    url = server.serve("/f", say(302, Location=server.serve("/g", send(BODY))))
    assert transfer(remote(url), path) == SHA256


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/f", "data:,x"])
def test_a_redirect_off_the_web_is_refused(server, say, path, place):
    url = server.serve("/f", say(302, Location=place))
    with pytest.raises(DownloadError, match=rf"redirected to {place}, which is not followed"):
        transfer(remote(url), path)
    assert list(path.parent.iterdir()) == []


def test_endless_redirects_are_left(server, say, path):
    for n in range(20):
        server.serve(f"/{n}", say(302, Location=f"{server.url}/{n + 1}"))
    with pytest.raises(DownloadError, match="302"):
        transfer(remote(f"{server.url}/0"), path)
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "nowhere", "ftp://host/f", "https://"])
def test_an_address_that_is_not_on_a_server_is_refused(path, url):
    with pytest.raises(DownloadError, match=f"^{url}: an address starts with https://"):
        transfer(remote(url), path)


def test_an_address_that_cannot_be_asked_for_is_refused_at_once(path, monkeypatch):
    """A blank in it, which no further attempt would mend."""
    monkeypatch.setattr(module.time, "sleep", lambda seconds: pytest.fail("waited"))
    with pytest.raises(DownloadError, match=r"^http://localhost/a b\.zip: URL can't contain"):
        transfer(remote("http://localhost/a b.zip"), path)


def test_an_unreachable_server_is_named(server, path):
    """Port 9 discards, where anything listens at all."""
    with pytest.raises(DownloadError, match=r"^http://127\.0\.0\.1:9/x: download failed"):
        transfer(remote("http://127.0.0.1:9/x"), path)


def test_a_folder_that_is_not_there_is_named(server, send, tmp_path):
    url = server.serve("/f", send(BODY))
    with pytest.raises(DownloadError, match="cannot be written"):
        transfer(remote(url), tmp_path / "none" / "f")
