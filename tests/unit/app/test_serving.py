"""Ports."""

import socket

import pytest

pytest.importorskip("uvicorn", reason="needs the extra [app]")

from speechsent.app.serving import address, listen
from speechsent.errors import ParameterError


def test_a_port_that_is_taken_is_told_with_the_remedy():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ParameterError, match=rf"port {port} cannot.*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_what_is_no_port_is_told(port):
    with pytest.raises(ParameterError, match="a port lies between 0 and 65535"):
        listen("127.0.0.1", port)


def test_a_host_that_is_not_this_machine_is_told():
    with pytest.raises(ParameterError, match="cannot be listened on"):
        listen("no.such.host.invalid", 0)


@pytest.mark.parametrize("host", ["", "a..b", "ü..b", 70 * "ü"])
def test_what_is_no_host_is_told(host):
    with pytest.raises(ParameterError, match=f"a host is a name or an address.*host='{host}'"):
        listen(host, 0).close()


def test_the_address_is_one_a_browser_here_understands():
    with listen("127.0.0.1", 0) as one, socket.create_server(("0.0.0.0", 0)) as all_of_them:
        assert address(one) == f"http://127.0.0.1:{one.getsockname()[1]}/"
        assert address(all_of_them) == f"http://127.0.0.1:{all_of_them.getsockname()[1]}/"
