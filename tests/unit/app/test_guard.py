"""Pages of strangers reach nothing, by whatever name they call."""

import asyncio

import pytest

pytest.importorskip("starlette", reason="needs the extra [app]")

from speechsent.app.guard import Guard, Names, is_loopback


@pytest.mark.parametrize("host", ["localhost", "localhost:8765", "127.0.0.1:1", "[::1]:8765"])
def test_our_own_names_are_known_at_any_port(host, client):
    assert client.get("/", Host=host).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "localhost.evil.example", "192.168.0.7", "", "[",
     "127.0.0.1.evil.example", "user@evil.example", "localhost@evil.example"],
)  # fmt: skip
def test_a_rebound_name_is_refused_before_anything_is_read(host, client):
    response = client.get("/api/runs", Host=host)
    assert (response.status, response.error["code"]) == (421, "host")
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://localhost", "http://localhost:1",
     "file://", "http://localhost:PORT.evil.example", "ftp://localhost:PORT"],
)  # fmt: skip
def test_a_page_of_another_origin_may_send_nothing(origin, client, as_file):
    response = client.ask(as_file(), Origin=origin.replace("PORT", str(client.port)))
    assert (response.status, response.error["code"]) == (403, "origin")


def test_our_own_page_and_programs_may(client, as_file):
    assert client.ask(as_file(), Origin=f"http://{client.host}").status == 200
    assert client.ask(as_file()).status == 200


def test_there_are_no_web_sockets():
    sent = []

    async def send(message):
        sent.append(message["type"])

    asyncio.run(Guard(None, Names.of("127.0.0.1"))({"type": "websocket"}, None, send))
    assert sent == ["websocket.close"]


def test_a_server_open_to_others_goes_by_addresses_and_its_own_name_alone():
    names = Names.of("0.0.0.0")
    assert names.has("192.168.0.7:8765")
    assert names.has("[fe80::1]:8765")
    assert names.has("localhost")
    assert not names.has("evil.example")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True),
     ("LocalHost", True), ("0.0.0.0", False), ("192.168.0.7", False), ("::", False),
     ("example.org", False)],
)  # fmt: skip
def test_loopback_is_known(host, expected):
    assert is_loopback(host) is expected
