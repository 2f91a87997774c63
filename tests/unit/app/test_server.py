"""What visitors are told, kindly or not at all."""

import base64
import http.client
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("starlette", reason="needs the extra [app]")

from speechsent.app import serving
from speechsent.app.limits import Limits
from speechsent.app.server import PAGES

RATE = 16_000


@pytest.fixture
def slow(stub):
    """A recogniser that tells when it begins, and answers when it may."""
    recogniser, begun, waits = stub(), threading.Event(), threading.Event()
    answer = recogniser.file

    def file(path):
        begun.set()
        waits.wait()
        return answer(path)

    recogniser.file = file
    return recogniser, begun, waits


def test_a_clip_is_answered_as_a_whole_and_over_time(client, as_file):
    found = client.ask(as_file()).json()
    assert found["clip"] == {
        "seconds": 1.0, "sample_rate": 16_000, "channels": 1, "container": "WAV",
    }  # fmt: skip
    (answer,) = found["answers"]
    assert answer["overall"] == {"anger": 0.75, "neutral": 0.25}
    spoken = [s for s in answer["over_time"]["segments"] if s["speech"]]
    assert [s["emotion"] for s in spoken] == ["anger"]
    assert spoken[0]["values"] == pytest.approx({"anger": 0.75, "neutral": 0.25})
    assert spoken[0]["start"] == pytest.approx(0.1, abs=0.1)  # the voice begins at 0.1 s
    assert spoken[0]["end"] == pytest.approx(0.9, abs=0.1)
    picture = found["spectrogram"]
    shades = base64.b64decode(picture["shades"])
    assert len(shades) == picture["rows"] * picture["columns"]


def test_the_table_of_an_answer_is_that_of_the_command_line(client, as_file):
    found = client.ask(as_file()).json()
    first, *rows = found["answers"][0]["over_time"]["csv"].splitlines()
    assert first == "start,end,speech,emotion,anger,neutral"
    assert any(row.endswith("true,anger,0.750000,0.250000") for row in rows)


def test_a_run_that_tells_numbers_tells_numbers(serve, stub, as_file):
    with serve(stub(labels=("arousal", "valence"), scale=object())) as client:
        assert client.get("/api/runs").json()["runs"][0]["numbers"] is True
        (answer,) = client.ask(as_file()).json()["answers"]
    assert answer["overall"] == {"arousal": 7.5, "valence": 2.5}
    assert {s["emotion"] for s in answer["over_time"]["segments"]} == {None}


def test_two_runs_answer_the_same_clip_in_the_order_asked(serve, stub, as_file):
    with serve(stub(), stub(labels=("calm", "fear"))) as client:
        found = client.ask(as_file(), "?run=1&run=0").json()["answers"]
    assert [a["run"]["name"] for a in found] == ["corpus/run-1", "corpus/run-0"]
    assert [list(a["overall"]) for a in found] == [["calm", "fear"], ["anger", "neutral"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [("?run=7", 404), ("?run=-1", 404), ("?run=../..", 404), ("?run=0&run=0", 400),
     ("?run=0&run=1&run=2", 400)],
)  # fmt: skip
def test_runs_that_are_not_there_are_refused(serve, stub, as_file, query, status):
    with serve(stub(), stub(), stub()) as client:
        assert client.ask(as_file(), query).status == status


def test_each_clip_is_a_speaker_of_its_own_where_a_run_standardises_by_speaker(
    serve, stub, as_file
):
    recogniser = stub(scope="speaker")
    with serve(recogniser) as client:
        client.ask(as_file())
        client.ask(as_file())
    assert recogniser.adapted == ["clip", "clip"]


def test_a_clip_that_says_it_is_too_large_is_refused_before_it_is_read(serve):
    with serve(limits=Limits(max_mb=1)) as client:
        response = client.ask(b"", Content_Length=str(2 << 20))  # of which nothing is sent
    assert (response.status, response.error["code"]) == (413, "too-large")
    assert "1 MiB" in response.error["message"]


def test_a_clip_that_says_nothing_is_counted_while_it_is_read(serve):
    with serve(limits=Limits(max_mb=1)) as client:
        response = client.ask(bytes(1 << 16) for _ in range(64))
    assert (response.status, response.error["code"]) == (413, "too-large")


def test_a_clip_that_does_not_come_to_its_end_is_given_up_and_frees_its_place(serve, as_file):
    with serve(limits=Limits(patience=0.2, n_waiting=0)) as client:
        response = client.ask(b"", Content_Length="1000")
        assert (response.status, response.error["code"]) == (503, "slow")
        assert client.ask(as_file()).status == 200


def test_who_finds_no_place_is_asked_to_come_again(serve, slow, as_file):
    recogniser, begun, waits = slow
    with serve(recogniser, limits=Limits(n_waiting=0)) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.ask, as_file())
        begun.wait()
        second = client.ask(as_file())
        waits.set()
        assert first.result().status == 200
    assert (second.status, second.error["code"]) == (503, "busy")
    assert int(second.headers["Retry-After"]) > 0


def test_who_leaves_while_waiting_leaves_the_place_to_others(serve, slow, as_file):
    """An empty clip asks whether there is a place: it is refused for what it is if there is."""
    recogniser, begun, waits = slow

    def comes(client, status):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if client.ask(b"").status == status:
                return True
            time.sleep(0.02)
        return False

    with serve(recogniser, limits=Limits(n_waiting=1)) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.ask, as_file())
        begun.wait()
        second = http.client.HTTPConnection("127.0.0.1", client.port)
        second.request("POST", "/api/answers", as_file(), {"Host": client.host})
        full = comes(client, 503)
        second.close()
        free = comes(client, 400)
        waits.set()
        assert first.result().status == 200
    assert (full, free) == (True, True)


def test_the_end_of_the_server_is_told_to_who_waits_and_leaves_no_traceback(
    serve, slow, as_file, monkeypatch, caplog
):
    monkeypatch.setattr(serving, "FAREWELL", 0.1)
    recogniser, begun, waits = slow
    with ThreadPoolExecutor(1) as pool:
        with serve(recogniser) as client:
            waiting = pool.submit(client.ask, as_file())
            begun.wait()
            threading.Timer(1.0, waits.set).start()
        reply = waiting.result()
    assert (reply.status, reply.error["code"]) == (503, "ending")
    assert not [r for r in caplog.records if r.exc_info]


def test_several_visitors_each_get_their_own_answer(serve, stub, as_file, voiced):
    lengths = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    clips = [as_file(voiced[: round(s * RATE)]) for s in lengths]
    with serve() as client, ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(client.ask, clips))
    assert [reply.json()["clip"]["seconds"] for reply in replies] == pytest.approx(lengths)


def test_a_clip_that_lasts_too_long_is_refused(serve, as_file):
    with serve(limits=Limits(max_seconds=2)) as client:
        assert client.ask(as_file(np.ones(32_000) * 0.1)).status != 413
        response = client.ask(as_file(np.ones(32_800) * 0.1))
    assert (response.status, response.error["code"]) == (413, "too-long")


@pytest.mark.parametrize(
    ("bad", "status", "words"),
    [
        ("nothing", 400, "empty"),
        ("text", 415, "not a readable audio file"),
        ("cut", 422, "cut short"),
        ("silent", 422, "silent"),
        ("short", 422, "too short"),
        ("nan", 422, "not numbers"),
        ("many channels", 415, "at most 8 channels"),
        ("slow rate", 422, "sample rate must lie"),
    ],
)
def test_bad_files_are_told_kindly_and_without_a_path(client, as_file, voiced, bad, status, words):
    bodies = {
        "nothing": b"",
        "text": b"this is no sound, whatever its name says",
        "cut": as_file()[:9000],
        "silent": as_file(voiced * 0),
        "short": as_file(voiced[:800]),
        "nan": as_file(np.full(RATE, np.nan), subtype="FLOAT"),
        "many channels": as_file(np.tile(voiced[:, None], 9)),
        "slow rate": as_file(rate=1000),
    }
    response = client.ask(bodies[bad])
    assert response.status == status
    assert words in response.error["message"]
    assert tempfile.gettempdir() not in response.text
    assert "Traceback" not in response.text


def test_what_is_odd_about_a_clip_is_noted_without_a_path(client, as_file, voiced):
    against = np.stack([voiced, -0.99 * voiced], axis=1)
    found = client.ask(as_file(against)).json()
    assert found["notes"] == ["the channels cancel each other (antiphase); channel 1 is used"]


def test_no_clip_is_kept(serve, as_file, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with serve(limits=Limits(max_mb=1)) as client:
        assert client.ask(as_file()).status == 200
        assert client.ask(b"no sound").status == 415
        assert client.ask(iter([bytes(2 << 20)])).status == 413
    assert list(tmp_path.iterdir()) == []


def test_our_own_mistake_shows_no_traceback_and_the_next_clip_is_answered(serve, stub, as_file):
    recogniser = stub(error=RuntimeError("secret of the house"))
    with serve(recogniser) as client:
        response = client.ask(as_file())
        recogniser.error = None
        assert client.ask(as_file()).status == 200
    assert (response.status, response.error["code"]) == (500, "broken")
    assert "secret" not in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "address",
    ["/nothing", "/index.html", "/page/index.html", "/..%2fsetup.cfg", "/%2e%2e/server.py",
     "/server.py", "/api", "/api/"],
)  # fmt: skip
def test_nothing_else_can_be_fetched(client, address):
    response = client.get(address)
    assert response.status == 404
    assert response.error["code"] == "request"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_and_its_files_are_served_and_name_no_other_place(client, name):
    response = client.get(f"/{name}")
    assert response.status == 200
    foreign = response.text.replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in foreign
    assert "https://" not in foreign


def test_a_page_takes_nothing_in(client):
    assert client.send("POST", "/", b"x").status == 405


def test_every_file_of_the_page_can_be_fetched():
    package = Path(__file__).parents[3] / "speechsent"
    there = {p.name for p in (package / "app" / "page").iterdir()}
    assert there == {Path(file).name for file, _ in PAGES.values()} - {"style.css"}


def test_the_policy_of_every_reply_lets_nothing_in_or_out(client, as_file):
    replies = [client.get("/"), client.get("/nothing"), client.ask(as_file())]
    for reply in replies:
        policy = reply.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["Cache-Control"] == "no-store"
        assert "access-control-allow-origin" not in reply.headers


def test_visitors_learn_no_path_of_this_machine(client):
    assert str(Path.cwd()) not in client.get("/api/runs").text
